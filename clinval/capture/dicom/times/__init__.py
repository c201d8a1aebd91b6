"""Scan times: when images were acquired, and for how long."""
