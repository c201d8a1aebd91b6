"""Comparison of a test arm with a reference arm."""
