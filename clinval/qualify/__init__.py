"""Qualification: reference cases run against the installed statistics."""
