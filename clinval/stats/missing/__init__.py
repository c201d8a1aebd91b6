"""What missing results may have been, and what that does to a comparison."""
