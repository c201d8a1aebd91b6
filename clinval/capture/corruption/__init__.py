"""Mistakes as sites make them, put into clean filled workbooks, to see which of them are told."""

__all__: list[str] = []
