"""Use cases: what the command line and a notebook call."""
