"""Each edit check has an id, a severity, words in both languages and examples that fire and do not.

Rules: 21 CFR 11.10(a)
Where: site_templates/, capture/check_catalogue.py, study/checking/; `clinval checks`
Also: tests/capture/test_check_catalogue.py, tests/study/checking/test_study_check_examples.py
"""

from pathlib import Path

from clinval.app.check_list import check_list

ROOT = Path(__file__).resolve().parents[2]
STUDIES = "".join(
    path.read_text(encoding="utf-8") for path in (ROOT / "tests/study/checking").glob("test_*.py")
)


def test_the_specification_is_complete():
    entries = check_list()
    ids = [(entry.form, entry.id) for entry in entries]
    assert len(set(ids)) == len(ids) > 200
    for entry in entries:
        assert entry.severity in ("critical", "major", "minor"), entry
        assert entry.code, entry
        for language in ("en", "zh"):
            assert entry.says.in_(language).strip(), entry
        if entry.fires or entry.silent:
            assert entry.fires != entry.silent, entry
        elif not entry.of_field:  # of a study as a whole: its examples are studies
            assert entry.kind in STUDIES, entry
