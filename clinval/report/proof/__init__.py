"""Prove a PDF: read back what it prints, and compare that with what it should print."""
