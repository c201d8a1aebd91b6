"""What may identify somebody, and what is kept of a header."""
