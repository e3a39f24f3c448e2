"""The edge at a branch: what a device did is kept durably here until the broker has it.

A device's program uses `samlan_kiosk.app.Kiosk`.
"""
