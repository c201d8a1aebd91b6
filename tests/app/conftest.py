"""The demonstration, made once for all tests that look at it; veraPDF lies with the reports."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from clinval.app.demo import Demonstration, demonstrate

sys.path.append(str(Path(__file__).parents[1] / "report"))


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory) -> Demonstration:
    return demonstrate(tmp_path_factory.mktemp("demo") / "study")


@pytest.fixture(scope="session")
def root(demonstration) -> Path:
    return demonstration.folder.root
