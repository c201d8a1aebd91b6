"""Who the subjects were, counted again from the rows of the enrolment form."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from clinval.core.records import Results
from clinval.study.analysis_sets import memberships
from clinval.study.data import StudyData
from clinval.study.store import StudyStore


@pytest.fixture(scope="module")
def rows(demonstration) -> pd.DataFrame:
    """Site, sex and age of every subject, and membership in the sets."""
    protocol = demonstration.folder.protocol()
    with StudyStore(demonstration.folder.store_path, protocol.study.id) as store:
        data = StudyData(protocol, store)
        names = np.asarray(data.site_names)
        sets = {name: found.member for name, found in memberships(data).items()}
        columns = {
            "sex": np.asarray(data.column("F04", "sex"), dtype=object),
            "age": np.asarray(data.column("F04", "age_years"), dtype=float),
        }
        return pd.DataFrame({"site": names[data.site_of_subject], **columns, **sets})


@pytest.fixture(scope="module")
def results(demonstration) -> Results:
    return Results.load(demonstration.folder.results_path)


@pytest.mark.parametrize("set_id", ["FAS", "SAF"])
@pytest.mark.parametrize("site", [None, "S03", "S05"])
def test_characteristics_are_those_of_the_members_of_a_set(rows, results, set_id, site):
    here = rows[rows[set_id] & ((rows["site"] == site) if site else True)]
    start = f"baseline.{set_id}.{f'site={site}' if site else 'all'}"

    def value(name):
        return results[f"{start}.{name}"].value

    for code in ("female", "male"):
        assert value(f"sex.count.{code}") == (here["sex"] == code).sum()
        assert value(f"sex.share.{code}") == pytest.approx(
            (here["sex"] == code).sum() / here["sex"].notna().sum()
        )
    assert value("sex.missing") == here["sex"].isna().sum()
    assert value("age_years.missing") == here["age"].isna().sum()
    assert value("age_years.mean") == pytest.approx(here["age"].mean())
    assert value("age_years.sd") == pytest.approx(here["age"].std())
    assert value("age_years.median") == here["age"].median()
    assert value("age_years.lowest") == here["age"].min()
    assert value("age_years.highest") == here["age"].max()


def test_only_sets_that_decide_are_described(results):
    assert {r.analysis_set for r in results.where(endpoint="baseline")} == {"FAS", "SAF"}
