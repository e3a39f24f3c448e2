"""The demonstration: the sample consortium, kiosk returns at its branches, and what each sets off."""
