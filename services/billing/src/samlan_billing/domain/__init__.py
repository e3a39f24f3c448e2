"""The ledger and its rules: pure values in, pure values out."""
