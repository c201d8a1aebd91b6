"""Studies that are made once for all tests that look at them: the demonstration, a small one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from clinval.app.demo import Demonstration, demonstrate
from clinval.app.folder import StudyFolder

sys.path.insert(0, str(Path(__file__).parents[1]))  # the kits lie beside the folders that use them

sys.path.append(str(Path(__file__).parents[1] / "report"))


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory) -> Demonstration:
    return demonstrate(tmp_path_factory.mktemp("demo") / "study")


@pytest.fixture(scope="session")
def root(demonstration) -> Path:
    return demonstration.folder.root


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> StudyFolder:
    import proof_kit

    return proof_kit.study(tmp_path_factory.mktemp("small") / "study")


@pytest.fixture(scope="session")
def packed(small) -> Path:
    import proof_kit

    from clinval.app.packing import pack

    return pack(small, proof_kit.PAIRS).path
