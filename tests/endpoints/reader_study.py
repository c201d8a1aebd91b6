"""A made-up reader study: readers who score the same subjects in two arms, and a reference."""

import itertools

import kit
import numpy as np
import pandas as pd

SITES = ("S01", "S02", "S03", "S04")
SIZES = {"S01": 16, "S02": 14, "S03": 12}  # nobody at S04
READERS = ("R1", "R2", "R3", "R4")
ARMS = ("REF", "TEST")
REFERENCE = {"form": "F06", "positive": 'reference_result == "positive"',
             "negative": 'reference_result == "negative"'}  # fmt: skip
WIDER = {"form": "F06", "positive": 'reference_result in ["positive", "indeterminate"]',
         "negative": 'reference_result == "negative"'}  # fmt: skip
ENDPOINT = {"id": "P1", "kind": "mrmc", "form": "F07", "measure": "confidence",
            "comparison": "superiority", "reference": REFERENCE}  # fmt: skip


def declared(*, design="crossed_readers", forms=("F04", "F05", "F06", "F07"), study=None, **said):
    endpoint = {key: value for key, value in (ENDPOINT | said).items() if value is not None}
    return kit.protocol(
        design=design,
        sites=SITES,
        readers=READERS,
        forms=list(forms),
        endpoints=[endpoint],
        **(study or {}),
    )


def population(seed=1, sizes=SIZES, *, gaps=0.0, unclear=0.05):
    """Return F04, F06 and F07; every fifteenth subject has no reference."""
    draw = np.random.default_rng(seed)
    people = kit.enrolled(sizes)
    people["sex"] = draw.choice(["female", "male"], len(people))
    truth, reads = [], []
    for place, (site, subject) in enumerate(
        zip(people["site_id"], people["subject_id"], strict=True)
    ):
        ill = place % 5 in (0, 2)
        said = "positive" if ill else "negative"
        said = "indeterminate" if draw.random() < unclear else said
        if place % 15 != 14:
            truth.append({"site_id": site, "subject_id": subject, "reference_result": said})
        hard = draw.normal(0, 0.6)
        for reader, arm in itertools.product(READERS, ARMS):
            seen = 1.6 if arm == "TEST" else 1.0
            score = 3 + hard + draw.normal(0, 0.8) + seen * (ill - 0.5)
            if draw.random() < gaps:
                continue
            reads.append(
                {"site_id": site, "subject_id": subject, "arm": arm, "reader_id": reader,
                 "confidence": float(np.clip(round(score), 1, 5)),
                 "call": "positive" if score > 3 else "negative",
                 "read_date": np.datetime64("2026-01-01")
                 + int(draw.integers(0, 20)) + 30 * (arm == "TEST")}
            )  # fmt: skip
    return {"F04": people, "F06": pd.DataFrame(truth), "F07": pd.DataFrame(reads)}


def judged(tables, unclear=np.nan):
    """Return the reads of subjects with a truth, a row a read."""
    said = tables["F06"].set_index("subject_id")["reference_result"]
    truth = said.map({"positive": 1.0, "negative": 0.0, "indeterminate": unclear})
    rows = tables["F07"].assign(truth=tables["F07"]["subject_id"].map(truth))
    rows = rows.merge(tables["F04"][["subject_id", "sex"]], on="subject_id")
    return rows.dropna(subset=["truth", "confidence"])


def table(frame, value="confidence"):
    """Return the scores of a crossed study by arm, reader and case, and the truth of cases."""
    cases = sorted(frame["subject_id"].unique())
    wide = frame.pivot_table(index="subject_id", columns=["arm", "reader_id"], values=value)
    scores = np.array([[wide[arm, r].loc[cases] for r in READERS] for arm in ARMS])
    truth = frame.groupby("subject_id")["truth"].first().loc[cases].to_numpy() == 1
    return scores, truth


def areas(scores, truth):
    """Return areas by arm and reader and their DeLong covariance, by counting every pair."""
    arms, readers = scores.shape[:2]
    ill, well = scores[:, :, truth], scores[:, :, ~truth]
    wins = (ill[..., :, None] > well[..., None, :]) + (ill[..., :, None] == well[..., None, :]) / 2
    v10 = wins.mean(axis=-1).reshape(arms * readers, -1)
    v01 = wins.mean(axis=-2).reshape(arms * readers, -1)
    covariance = np.cov(v10) / v10.shape[1] + np.cov(v01) / v01.shape[1]
    return wins.mean(axis=(-1, -2)), covariance


def left_out(scores, truth):
    """Return areas and their jackknife covariance, every area computed again."""
    n = scores.shape[-1]
    without = [np.arange(n) != case for case in range(n)]
    theta = np.array([areas(scores[..., w], truth[w])[0].ravel() for w in without])
    apart = theta - theta.mean(axis=0)
    return areas(scores, truth)[0], (n - 1) / n * apart.T @ apart


def each_his_own(frame):
    """Return areas by arm and reader, of the cases that each has read."""
    theta = np.empty((len(ARMS), len(READERS)))
    for (arm, reader), rows in frame.groupby(["arm", "reader_id"]):
        ill, well = (rows.loc[rows["truth"] == t, "confidence"].to_numpy() for t in (1, 0))
        wins = (ill[:, None] > well) + (ill[:, None] == well) / 2
        theta[ARMS.index(arm), READERS.index(reader)] = wins.mean()
    return theta


def without_each(frame):
    """Return areas and their jackknife covariance in any design, every area computed again."""
    cases = frame["subject_id"].unique()
    theta = np.array([each_his_own(frame[frame["subject_id"] != c]).ravel() for c in cases])
    apart = theta - theta.mean(axis=0)
    return each_his_own(frame), (len(cases) - 1) / len(cases) * apart.T @ apart


def rockette(theta, covariance, random="readers_cases"):
    """Return difference, error and degrees of freedom by the formulas of Hillis, in loops."""
    arms, readers = theta.shape
    grand, by_arm, by_reader = theta.mean(), theta.mean(axis=1), theta.mean(axis=0)
    residual = sum(
        (theta[i, j] - by_arm[i] - by_reader[j] + grand) ** 2
        for i in range(arms)
        for j in range(readers)
    )
    ms_tr = residual / ((arms - 1) * (readers - 1))
    kinds = {"v": [], "c1": [], "c2": [], "c3": []}
    cells = list(itertools.product(range(arms), range(readers)))
    for (a, (i, j)), (b, (k, m)) in itertools.product(enumerate(cells), enumerate(cells)):
        kind = ("v" if j == m else "c2") if i == k else ("c1" if j == m else "c3")
        kinds[kind].append(covariance[a, b])
    v, c1, c2, c3 = (np.mean(kinds[name]) for name in ("v", "c1", "c2", "c3"))
    between = readers * max(c2 - c3, 0)
    if random == "cases":
        d, df = v - c1 + (readers - 1) * (c2 - c3), np.inf
    elif random == "readers":
        d, df = ms_tr, readers - 1
    else:
        d = ms_tr + between
        df = d**2 / (ms_tr**2 / (readers - 1))
    return by_arm[1] - by_arm[0], np.sqrt(2 * d / readers), df
