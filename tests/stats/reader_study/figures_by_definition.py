"""Figures of merit of free response by their definitions, lesion by lesion and case by case."""

import numpy as np

NOTHING = -np.inf


def psi(x, y):
    return 0.5 if x == y else float(x > y)


def merit(name, study, modality, reader, without=None):
    """Return a figure by its definition, from the rows, without a case."""
    marks, lesions, reads = study
    cases = [case for m, r, case in reads if (m, r) == (modality, reader) and case != without]
    own = [mark for mark in marks if mark[:2] == (modality, reader)]
    beside = {case: [m[5] for m in own if m[2] == case and m[3] == "NL"] for case in cases}
    found = {
        (case, number): max([m[5] for m in own if m[2] == case and m[4] == number], default=NOTHING)
        for case in cases
        for number in range(1, lesions[case] + 1)
    }
    normal = [case for case in cases if not lesions[case]]
    ill = [case for case in cases if lesions[case]]
    if name == "hr_specificity":
        return np.mean([not beside[case] for case in normal])
    if name == "max_nlf":
        return np.mean([len(beside[case]) for case in normal])
    if name == "max_llf":
        return np.mean([value > NOTHING for value in found.values()])
    top = {
        case: max(
            [*beside[case], *(v for (k, _), v in found.items() if k == case)], default=NOTHING
        )
        for case in cases
    }
    if name == "hr_sensitivity":
        return np.mean([top[case] > NOTHING for case in ill])
    if name == "hr_auc":
        return np.mean([psi(top[k], top[f]) for k in ill for f in normal])
    against = [max(beside[c], default=NOTHING) for c in (cases if name.endswith("1") else normal)]
    weight = {k: 1 / (lesions[k] * len(ill)) if name.startswith("w") else 1 / len(found)
              for k in ill}  # fmt: skip
    return sum(weight[k] * np.mean([psi(v, y) for y in against]) for (k, _), v in found.items())
