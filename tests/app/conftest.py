"""The demonstration, made once for all tests that look at it."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinval.app.demo import Demonstration, demonstrate


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory) -> Demonstration:
    return demonstrate(tmp_path_factory.mktemp("demo") / "study")


@pytest.fixture(scope="session")
def root(demonstration) -> Path:
    return demonstration.folder.root
