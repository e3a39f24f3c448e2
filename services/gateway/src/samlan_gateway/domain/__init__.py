"""What the gateway knows by itself: who may pass, what may be shown, what is quiet."""
