"""What a return gives when it comes as a workbook: the measure of every other format."""

import pandas as pd
import pytest

from clinval.capture.returned import read_returned
from clinval.capture.template import write_template


@pytest.fixture(scope="session")
def by_workbook(tmp_path_factory, protocol, make_content):
    """The forms of S01, read from its filled workbook."""
    path = tmp_path_factory.mktemp("workbook") / "S01.xlsx"
    write_template(protocol, "S01", path, protocol_sha256="5" * 64, content=make_content())
    (returned,) = read_returned(path, protocol)
    assert not returned.defects
    return returned


@pytest.fixture
def same():
    """Return a function that holds a return to be the same as another, but for places."""

    def compare(returned, wanted, forms=None):
        found = {form.form: form for form in returned.forms}
        chosen = [form for form in wanted.forms if forms is None or form.form in forms]
        assert set(found) == {form.form for form in chosen}
        for form in chosen:
            other = found[form.form]
            assert other.lost == form.lost
            assert other.meaning == form.meaning
            pd.testing.assert_frame_equal(
                *(part.frame.drop(columns="_row").reset_index(drop=True) for part in (other, form))
            )

    return compare


@pytest.fixture
def come(tmp_path, protocol):
    """Return a function that reads content as a file of this name."""

    def read(name, content, of=protocol):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_returned(path, of)

    return read


@pytest.fixture
def said():
    """Return a function that gives what a return says: kind and place."""

    def lines(returned):
        return [
            (defect.problem.kind, str(defect.problem.place).partition(":")[2])
            for defect in returned.defects
        ]

    return lines
