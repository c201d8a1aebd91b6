"""A made-up study of accuracy: subjects with a reference, calls and scores of two arms."""

import kit
import numpy as np
import pandas as pd

SITES = ("S01", "S02", "S03", "S04")
SIZES = {"S01": 40, "S02": 30, "S03": 22}  # nobody at S04
REFERENCE = {
    "form": "F06",
    "positive": 'reference_result == "positive"',
    "negative": 'reference_result == "negative"',
}
GOAL = {"value": 0.6, **kit.MARGIN}
CALLED = {
    "form": "F07",
    "measure": 'call == "positive"',
    "negative": 'call == "negative"',
    "reference": REFERENCE,
}
SCORED = {"form": "F07", "measure": "confidence", "combine": "mean", "reference": REFERENCE}


def declared(*endpoints, design="crossed_readers", sites=SITES, **more):
    return kit.protocol(
        design=design,
        sites=sites,
        readers=("R1", "R2", "R3"),
        forms=["F04", "F05", "F06", "F07"],
        endpoints=list(endpoints),
        **more,
    )


def population(seed, sizes=SIZES, *, readers=("R1",), arms=("TEST", "REF"), unclear=0.06):
    """Return F04, F06 and F07: a reference for nearly everybody, calls and scores by reader."""
    draw = np.random.default_rng(seed)
    people = kit.enrolled(sizes)
    people["enrolled"] = draw.choice(["yes", "no"], len(people), p=[0.95, 0.05])
    people["sex"] = draw.choice(["male", "female"], len(people))
    truth, reads = [], []
    for site, subject in zip(people["site_id"], people["subject_id"], strict=True):
        ill = draw.random() < 0.4
        said = draw.choice(["as it is", "indeterminate", None], p=[0.9, 0.05, 0.05])
        if said is not None:
            result = ("positive" if ill else "negative") if said == "as it is" else said
            days = float(draw.integers(-5, 40))
            truth.append(
                {"site_id": site, "subject_id": subject, "reference_result": result,
                 "days_to_reference": days}
            )  # fmt: skip
        for arm in arms:
            good = 1.6 if arm == "TEST" else 1.0
            for reader in readers:
                if draw.random() < 0.05:
                    continue
                score = draw.normal(good if ill else 0.0) + 0.3 * draw.normal()
                call = "positive" if score > 0.6 else "negative"
                call = "not_evaluable" if draw.random() < unclear else call
                reads.append(
                    {"site_id": site, "subject_id": subject, "arm": arm, "reader_id": reader,
                     "call": call, "confidence": float(np.clip(round(score + 3), 1, 5))}
                )  # fmt: skip
    return {"F04": people, "F06": pd.DataFrame(truth), "F07": pd.DataFrame(reads)}


def subjects(tables):
    """Return a frame with a row a subject of the set: site and truth (NaN without one)."""
    people = tables["F04"][tables["F04"]["enrolled"] == "yes"].set_index("subject_id")
    truth = tables["F06"].set_index("subject_id")["reference_result"]
    known = truth[truth != "indeterminate"] == "positive"
    return people[["site_id", "sex"]].assign(truth=known.astype(float).reindex(people.index))


def calls(tables, arm="TEST", reader="R1"):
    """Return the call of each subject in one read, as a word."""
    rows = tables["F07"]
    rows = rows[(rows["arm"] == arm) & (rows["reader_id"] == reader)]
    return rows.set_index("subject_id")["call"]
