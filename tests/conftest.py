"""Which tests run in the same process, where several processes share them."""

from __future__ import annotations

import pytest

from clinval.core.i18n import set_language

DEMONSTRATION = {
    f"tests/app/test_{name}.py"
    for name in ("baseline", "demo", "inbox", "profiles", "reporting", "reproducible")
}
"""Files that look at the demonstration: one process makes it, once for all of them."""


@pytest.fixture(autouse=True)
def language_of_the_environment():
    """Let no test speak the language that another one has chosen."""
    yield
    set_language(None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class OneDemonstration(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            return "demonstration" if file in DEMONSTRATION else file

    return OneDemonstration(config, log)
