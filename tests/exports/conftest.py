"""The kit lies beside the folders that use it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
