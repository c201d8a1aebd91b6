"""The protocol file: read with the place of every value, checked, and turned into a model."""
