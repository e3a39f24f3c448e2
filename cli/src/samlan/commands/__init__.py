"""The commands of `samlan`, a module each, and what their options are called."""
