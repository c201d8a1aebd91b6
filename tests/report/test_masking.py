"""No count of 1 to 4 people can be worked out of what is printed: held against brute force."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings, strategies as st

from clinval.report.masking import FEW, Sum, is_few, masks

SMALL = range(1, FEW)
BEYOND = 3  # how far above the true total a withheld count is tried


def possible(counts, sums, masked, printed):
    """Return every table that a reader of the report cannot tell from the true one.

    Cells that are no total are counted through; totals follow from them.
    """
    totals = {one.total for one in sums}
    free = [name for name in counts if name not in totals]
    most = max(counts.values()) + BEYOND

    def fits(name, value):
        if name in printed and name not in masked:
            return value == counts[name]
        if name not in masked or is_few(counts[name]):
            return masked.get(name) != "few" or value in SMALL
        return value not in SMALL  # it would have been printed as such

    def completed(table):
        """Return a table with the totals that follow, nothing where one of them does not fit."""
        table = dict(table)
        for one in sums:  # parts stand before the totals that they make
            if all(part in table for part in one.parts):
                made = sum(table[part] for part in one.parts)
                if not fits(one.total, made) or table.setdefault(one.total, made) != made:
                    return None
        return table

    def further(table, index):
        if index == len(free):
            yield table
            return
        name = free[index]
        for value in sorted(range(most + 1), key=lambda v: abs(v - counts[name])):
            made = completed(table | {name: value}) if fits(name, value) else None
            if made is not None:
                yield from further(made, index + 1)

    return further({}, 0)


def assert_nothing_is_told(counts, sums, printed=None, needed=()):
    printed = set(counts) if printed is None else printed
    masked = masks(counts, sums, printed, needed)
    hidden = {name for name in counts if is_few(counts[name])} | set(masked)
    assert set(masked) <= set(printed)
    assert {name for name in printed if is_few(counts[name])} <= set(masked)
    assert not [name for name, mask in masked.items() if mask == "few" and not is_few(counts[name])]
    told = set(hidden)
    for table in possible(counts, sums, masked, printed):
        told = {name for name in told if table[name] == counts[name]}
        if not told:
            return masked
    assert not told, masked
    return masked


def two_way(rows):
    """Return a table with its totals, and its sums."""
    counts, sums = {}, []
    height, width = len(rows), len(rows[0])
    for i, row in enumerate(rows):
        counts |= {f"c{i}{j}": value for j, value in enumerate(row)}
    sums += [
        Sum(total=f"r{i}", parts=tuple(f"c{i}{j}" for j in range(width))) for i in range(height)
    ]
    sums += [
        Sum(total=f"k{j}", parts=tuple(f"c{i}{j}" for i in range(height))) for j in range(width)
    ]
    sums.append(Sum(total="all", parts=tuple(f"r{i}" for i in range(height))))
    sums.append(Sum(total="all", parts=tuple(f"k{j}" for j in range(width))))
    for one in sums:
        counts[one.total] = sum(counts[part] for part in one.parts)
    return counts, sums


# ---------------------------------------------------------------------- examples


def test_a_table_without_small_counts_is_printed_whole():
    counts, sums = two_way([[5, 0], [12, 7]])
    assert masks(counts, sums, counts) == {}


def test_a_single_small_count_takes_the_next_smallest_with_it():
    one = Sum(total="all", parts=("a", "b", "c"))
    masked = masks({"a": 3, "b": 40, "c": 9, "all": 52}, [one], {"a", "b", "c", "all"})
    assert masked == {"a": "few", "c": "withheld"}


def test_a_zero_protects_nothing():
    one = Sum(total="all", parts=("a", "zero", "c"))
    counts = {"a": 3, "zero": 0, "c": 40, "all": 43}
    assert masks(counts, [one], counts) == {"a": "few", "c": "withheld"}


def test_what_is_needed_is_withheld_last():
    sums = [Sum(total="received", parts=("analysed", "left"))]
    counts = {"received": 48, "analysed": 46, "left": 2}
    assert masks(counts, sums, counts, {"analysed"}) == {"received": "withheld", "left": "few"}
    assert masks(counts, sums, counts, counts) == {"analysed": "withheld", "left": "few"}


def test_nothing_is_withheld_that_could_be_shown():
    counts, sums = two_way([[2, 30, 9], [12, 7, 6], [20, 11, 5]])
    masked = masks(counts, sums, counts)
    assert len(masked) == 4


def test_two_small_counts_that_their_total_gives_away_are_not_enough():
    one = Sum(total="all", parts=("a", "b", "c"))
    counts = {"a": 1, "b": 1, "c": 40, "all": 42}
    assert set(masks(counts, [one], counts)) > {"a", "b"}


def test_where_only_small_counts_are_left_less_than_five_is_too_much():
    counts = {"a": 1, "b": 1, "c": 1, "d": 1, "all": 4}
    sums = [Sum(total="all", parts=("a", "b", "c", "d"))]
    assert "withheld" in assert_nothing_is_told(counts, sums).values()


def test_a_small_count_that_is_not_printed_is_protected_too():
    one = Sum(total="received", parts=("analysed", "left"))
    counts = {"received": 48, "analysed": 46, "left": 2}
    assert masks(counts, [one], {"received", "analysed"}) == {"analysed": "withheld"}


def test_a_chain_of_sets_is_masked_along_its_length():
    sums = [
        Sum(total="out", parts=("out.0", "out.1")),
        Sum(total="received", parts=("fas", "out")),
        Sum(total="fas", parts=("pps", "major")),
        Sum(total="fas", parts=("n", "missing")),
    ]
    counts = {"out.0": 0, "out.1": 2, "out": 2, "pps": 9, "major": 1, "fas": 10, "received": 12,
              "n": 10, "missing": 0}  # fmt: skip
    masked = masks(counts, sums, counts)
    assert {"out.1", "out", "major"} <= set(masked)
    assert {"received", "fas"} & set(masked)
    assert masks(counts, sums, counts) == masked


@pytest.mark.parametrize("value", [0, 5, 30])
def test_a_count_alone_is_printed_unless_it_is_small(value):
    assert masks({"n": value}, [], {"n"}) == {}
    assert masks({"n": 3}, [], {"n"}) == {"n": "few"}


# ---------------------------------------------------------------------- brute force

CELL = st.one_of(st.integers(0, 6), st.sampled_from([0, 1, 2, 5, 8]))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=2, max_size=2))
def test_no_two_by_two_table_tells_a_small_count(rows):
    assert_nothing_is_told(*two_way(rows))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.integers(0, 6), min_size=3, max_size=3), min_size=2, max_size=2))
def test_no_wider_table_tells_a_small_count(rows):
    assert_nothing_is_told(*two_way(rows))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=2, max_size=2), st.data())
def test_what_is_not_printed_is_not_told_either(rows, draw):
    counts, sums = two_way(rows)
    printed = draw.draw(st.sets(st.sampled_from(sorted(counts))))
    needed = draw.draw(st.sets(st.sampled_from(sorted(counts))))
    assert_nothing_is_told(counts, sums, printed, needed)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 60), min_size=4, max_size=4), min_size=5, max_size=5))
def test_large_tables_are_masked_in_time_and_the_same_each_time(rows):
    counts, sums = two_way(rows)
    masked = masks(counts, sums, counts)
    assert masked == masks(dict(counts), list(sums), list(counts))
    assert {name for name, value in counts.items() if is_few(value)} <= set(masked)


def endpoints(number):
    """Return a site with so many endpoints in one set of six, each of two arms by two results."""
    counts, sums = {"n": 6}, []
    for i in range(number):
        both, test, reference, neither = cells = [
            f"{i}.{cell}" for cell in ("11", "10", "01", "00")
        ]
        yes, no, seen = (f"{i}.{name}" for name in ("yes", "no", "n"))
        counts |= {both: 5, test: i % 2, reference: 0, neither: 1 - i % 2}
        counts |= {yes: 5 + i % 2, no: 1 - i % 2, seen: 6}
        sums += [
            Sum(total="n", parts=(seen,)),
            Sum(total=seen, parts=tuple(cells)), Sum(total=seen, parts=(yes, no)),
            Sum(total=yes, parts=(both, test)), Sum(total=no, parts=(reference, neither)),
        ]  # fmt: skip
    return counts, sums


def test_many_endpoints_are_masked_in_seconds():
    counts, sums = endpoints(12)
    begun = time.process_time()
    masked = masks(counts, sums, counts)
    assert time.process_time() - begun < 2.5
    assert {name for name, value in counts.items() if is_few(value)} <= set(masked)
