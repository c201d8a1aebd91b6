"""Dose, by dose reports and by images."""
