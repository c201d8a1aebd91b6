"""The parts of a template: its sheets, their validation and their colours."""

__all__: list[str] = []
