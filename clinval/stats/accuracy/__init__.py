"""Proportions and diagnostic accuracy of one arm."""
