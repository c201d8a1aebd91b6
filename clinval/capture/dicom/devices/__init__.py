"""Scanners and algorithms."""
