"""The study's data: the store of what sites returned, its tables, and the analysis sets."""
