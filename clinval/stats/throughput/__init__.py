"""Times and capacity."""
