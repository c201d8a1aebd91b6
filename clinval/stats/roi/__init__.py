"""Cash flows and their measures."""
