"""One study with a whole life, for all requirements to be held against."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))  # the kits lie beside the folders that use them


@pytest.fixture(scope="package")
def life(tmp_path_factory):
    import compliance_kit

    return compliance_kit.lived(tmp_path_factory.mktemp("life"))
