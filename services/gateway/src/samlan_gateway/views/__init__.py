"""What the gateway shows: answers of the owners, composed and cut to the shapes of surface.md."""
