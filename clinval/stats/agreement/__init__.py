"""Agreement between readers and between methods of measurement."""
