"""The parts of reading a return: the file, its sheets, their cells, their rows."""

__all__: list[str] = []
