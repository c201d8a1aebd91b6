"""Real data from outside the repository; tests are skipped, with the reason, where it is absent."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "studies"


@pytest.fixture(scope="session")
def studies() -> Path:
    """The folder of the shared studies."""
    if not SHARED.is_dir():
        pytest.skip("the shared studies (../shared/studies) are not on this machine")
    return SHARED
