"""The kit lies beside the folders that use it, the study with economics among the endpoints."""

import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "endpoints")]
