"""Exports: what the store holds, and the results, in the formats of others."""
