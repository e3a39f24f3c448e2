"""Fees, payments and the patrons' ledgers."""
