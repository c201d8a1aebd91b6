"""Checks that need the rows of several forms or sites: each asks the whole study at once."""
