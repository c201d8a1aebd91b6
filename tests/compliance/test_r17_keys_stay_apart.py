"""The key of pseudonyms and of blinding never leaves with data; small numbers are masked.

Rules: pseudonyms are kept by the site; GDPR 25, 32
Where: app/blinding.py, report/disclosure.py, report/masking.py
Also: tests/report/test_masking.py
"""

from clinval.report.masking import is_few


def test_no_key_is_in_the_archive_or_among_the_results(life):
    for part in (life.locked.exports, life.locked.results):
        assert not [path for path in part.rglob("*") if "key" in path.name.lower()]
    assert life.locked.keys not in (life.locked.exports, life.locked.results)
    assert not life.locked.keys.is_relative_to(life.locked.exports)


def test_counts_of_fewer_than_five_people_are_few():
    assert [count for count in range(12) if is_few(count)] == [1, 2, 3, 4]
