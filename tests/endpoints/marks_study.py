"""A made-up study of marks: subjects with lesions, and what readers marked in two arms."""

import kit
import numpy as np
import pandas as pd

SITES = ("S01", "S02", "S03")
SIZES = {"S01": 24, "S02": 18}  # nobody at S03
READERS = ("R1", "R2", "R3")
ARMS = ("REF", "TEST")
REFERENCE = {
    "form": "F06",
    "positive": 'reference_result == "positive"',
    "negative": 'reference_result == "negative"',
}


def declared(*, design="crossed_readers", study=None, **said):
    """Return a protocol with one endpoint of marks."""
    base = {"id": "P1", "kind": "froc", "form": "F12", "reference": REFERENCE,
            "comparison": "superiority"}  # fmt: skip
    endpoint = {key: value for key, value in (base | said).items() if value is not None}
    return kit.protocol(
        design=design,
        sites=SITES,
        readers=READERS,
        forms=["F04", "F06", "F12", "F13"],
        endpoints=[endpoint],
        **(study or {}),
    )


def population(seed=1, sizes=SIZES, *, gaps=0.0):
    """Return F04, F06, F12 and F13; lesions of a subject are numbered with a gap."""
    draw = np.random.default_rng(seed)
    people = kit.enrolled(sizes)
    people["sex"] = draw.choice(["male", "female"], len(people))
    truth, lesions, marks = [], [], []
    for site, subject in zip(people["site_id"], people["subject_id"], strict=True):
        home = {"site_id": site, "subject_id": subject}
        numbers = (
            draw.choice([1, 2, 4], draw.integers(1, 4), replace=False)
            if draw.random() < 0.5
            else []
        )
        said = "positive" if len(numbers) else "negative"
        truth.append({**home, "reference_result": said})
        lesions += [
            {**home, "lesion_number": float(number), "location": "left"} for number in numbers
        ]
        for arm in ARMS:
            for reader in READERS:
                if draw.random() < gaps:
                    continue
                read = {**home, "arm": arm, "reader_id": reader}
                found = [n for n in numbers if draw.random() < (0.8 if arm == "TEST" else 0.55)]
                rows = [("lesion", float(n), float(draw.integers(40, 100))) for n in found]
                rows += [
                    ("non_lesion", np.nan, float(draw.integers(1, 80)))
                    for _ in range(draw.poisson(0.4))
                ]
                marks += [
                    {**read, "mark_number": float(k), "mark_type": kind, "lesion_number": number,
                     "rating": rating}
                    for k, (kind, number, rating) in enumerate(rows, start=1)
                ] or [{**read, "mark_number": 0.0, "mark_type": "none"}]  # fmt: skip
    return {"F04": people, "F06": pd.DataFrame(truth), "F12": pd.DataFrame(marks),
            "F13": pd.DataFrame(lesions)}  # fmt: skip


def arguments(tables, subjects=None):
    """Return marks, cases and reads of the rows, by their labels, as a statistic takes them."""
    rows, lesions = tables["F12"], tables["F13"]
    if subjects is not None:
        rows = rows[rows["subject_id"].isin(subjects)]
    cases = sorted(set(rows["subject_id"]))
    numbers = {s: sorted(part["lesion_number"]) for s, part in lesions.groupby("subject_id")}
    marked = rows[rows["mark_type"] != "none"]
    hits = marked["mark_type"] == "lesion"
    places = [
        numbers[row.subject_id].index(row.lesion_number) + 1 if hit else None
        for row, hit in zip(marked.itertuples(), hits, strict=True)
    ]
    counts = [len(numbers.get(case, [])) for case in cases]
    return {
        "mark_modality": marked["arm"].tolist(),
        "mark_reader": marked["reader_id"].tolist(),
        "mark_case": marked["subject_id"].tolist(),
        "mark_type": np.where(hits, "LL", "NL").tolist(),
        "mark_lesion": places,
        "mark_rating": marked["rating"].tolist(),
        "case": cases,
        "truth": [int(count > 0) for count in counts],
        "n_lesions": counts,
        "read_modality": rows["arm"].tolist(),
        "read_reader": rows["reader_id"].tolist(),
        "read_case": rows["subject_id"].tolist(),
    }


def weighted_area(tables, arm, reader):
    """Return the weighted AFROC figure of a reader in an arm, lesion by lesion."""
    rows = tables["F12"]
    rows = rows[(rows["arm"] == arm) & (rows["reader_id"] == reader)]
    truth = tables["F06"].set_index("subject_id")["reference_result"]
    read = set(rows["subject_id"])
    beside = rows[rows["mark_type"] == "non_lesion"].groupby("subject_id")["rating"].max()
    normal = [beside.get(s, -np.inf) for s in read if truth[s] == "negative"]
    hit = (
        rows[rows["mark_type"] == "lesion"].groupby(["subject_id", "lesion_number"])["rating"].max()
    )
    shares = []
    for subject, part in tables["F13"].groupby("subject_id"):
        if subject not in read:
            continue
        own = [hit.get((subject, number), -np.inf) for number in part["lesion_number"]]
        won = [np.mean([(z > f) + 0.5 * (z == f) for f in normal]) for z in own]
        shares.append(np.mean(won))
    return float(np.mean(shares))
