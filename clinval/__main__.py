"""``python -m clinval``."""

from clinval.cli import main

main()
