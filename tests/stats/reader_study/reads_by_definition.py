"""Estimates, covariances and the reader model by loops over reads, without the package."""

import itertools
import math

import numpy as np
from scipy import stats


def psi(x, y):
    return (x > y) + (x == y) / 2


class Study:
    """Reads {(modality, reader, case): score} with the truth of each case."""

    def __init__(self, reads, truth, cluster=None):
        self.reads, self.truth, self.cluster = reads, truth, cluster or {}
        self.modalities = sorted({key[0] for key in reads})
        self.readers = sorted({key[1] for key in reads})
        self.cases = sorted({key[2] for key in reads})
        self.curves = list(itertools.product(self.modalities, self.readers))

    def scores(self, curve, diseased, without=None):
        return {
            case: score
            for (modality, reader, case), score in self.reads.items()
            if (modality, reader) == curve and self.truth[case] == diseased and case != without
        }

    def value(self, curve, metric, threshold=None, fpr_max=None, without=None):
        x = list(self.scores(curve, 1, without).values())
        y = list(self.scores(curve, 0, without).values())
        if metric == "sensitivity":
            return sum(score >= threshold for score in x) / len(x) if x else math.nan
        if metric == "specificity":
            return sum(score < threshold for score in y) / len(y) if y else math.nan
        if not x or not y:
            return math.nan
        if metric == "auc":
            return sum(psi(a, b) for a in x for b in y) / (len(x) * len(y))
        return partial(x, y, fpr_max)

    def theta(self, metric, **options):
        return np.array([self.value(curve, metric, **options) for curve in self.curves])

    def jackknife(self, metric, **options):
        pool = {"sensitivity": (1,), "specificity": (0,)}.get(metric, (0, 1))
        left_out = []
        for case in self.cases:
            if self.truth[case] not in pool:
                continue
            left_out.append(
                [
                    self.value(curve, metric, without=case, **options)
                    if (*curve, case) in self.reads
                    else self.value(curve, metric, **options)
                    for curve in self.curves
                ]
            )
        table = np.array(left_out)
        n = len(table)
        return (n - 1) ** 2 / n * np.cov(table.T, ddof=1)

    def placements(self, curve):
        x, y = self.scores(curve, 1), self.scores(curve, 0)
        return (
            {a: sum(psi(x[a], y[b]) for b in y) / len(y) for a in x},
            {b: sum(psi(x[a], y[b]) for a in x) / len(x) for b in y},
        )

    def delong(self):
        placed = [self.placements(curve) for curve in self.curves]
        v10, v01 = ([list(one[place].values()) for one in placed] for place in (0, 1))
        return np.cov(v10, ddof=1) / len(v10[0]) + np.cov(v01, ddof=1) / len(v01[0])

    def unbiased(self):
        """Product of two areas less the mean product over pairs of pairs without a shared case."""
        found = np.empty((len(self.curves),) * 2)
        for (a, one), (b, other) in itertools.product(enumerate(self.curves), repeat=2):
            apart = [
                psi(x1, y1) * psi(x2, y2)
                for i1, x1 in self.scores(one, 1).items()
                for k1, y1 in self.scores(one, 0).items()
                for i2, x2 in self.scores(other, 1).items()
                for k2, y2 in self.scores(other, 0).items()
                if i1 != i2 and k1 != k2
            ]
            found[a, b] = self.value(one, "auc") * self.value(other, "auc") - np.mean(apart)
        return found

    def clustered(self):
        """Obuchowski's covariance of a crossed study."""
        units = sorted(set(self.cluster.values()))
        sums = []
        for curve in self.curves:
            area = self.value(curve, "auc")
            sums.append(
                [
                    [
                        sum(v - area for case, v in values.items() if self.cluster[case] == unit)
                        / len(values)
                        for unit in units
                    ]
                    for values in self.placements(curve)
                ]
            )
        held = [
            len({self.cluster[case] for case in self.cases if self.truth[case] == diseased})
            for diseased in (1, 0)
        ]
        factor = [g / (g - 1) for g in (*held, len(units))]
        x, y = (np.array([one[place] for one in sums]) for place in (0, 1))
        return factor[0] * x @ x.T + factor[1] * y @ y.T + factor[2] * (x @ y.T + y @ x.T)


def partial(x, y, fpr_max):
    """Area of the polygon through the points of all thresholds, to a false positive rate."""
    cuts = sorted({*x, *y}, reverse=True)
    points = [(0.0, 0.0)] + [
        (sum(b >= cut for b in y) / len(y), sum(a >= cut for a in x) / len(x)) for cut in cuts
    ]
    area = 0.0
    for (f0, s0), (f1, s1) in itertools.pairwise(points):
        end = min(f1, fpr_max)
        if end > f0:
            height = s0 + (s1 - s0) * (end - f0) / (f1 - f0)
            area += (end - f0) * (s0 + height) / 2
    return area


def crossed_model(theta, covariance, i, j, random):
    """Return numbers of the difference last - first and of the global test."""
    table = theta.reshape(i, j)
    kinds = {"error": [], "cov1": [], "cov2": [], "cov3": []}
    for a, b in itertools.product(range(i * j), repeat=2):
        same = (a // j == b // j, a % j == b % j)
        kind = {(True, True): "error", (False, True): "cov1", (True, False): "cov2"}
        kinds[kind.get(same, "cov3")].append(covariance[a, b])
    v, c1, c2, c3 = (np.mean(values) for values in kinds.values())
    grand = table.mean()
    ms_t = j * sum((row.mean() - grand) ** 2 for row in table) / (i - 1)
    residual = [
        (table[a, b] - table[a].mean() - table[:, b].mean() + grand) ** 2
        for a in range(i)
        for b in range(j)
    ]
    df_m = (i - 1) * (j - 1)
    ms_tr = sum(residual) / df_m
    if random == "readers_cases":
        d = ms_tr + j * max(c2 - c3, 0)
        df2 = d**2 / (ms_tr**2 / df_m)
    elif random == "cases":
        d, df2 = v - c1 + (j - 1) * (c2 - c3), None
    else:
        d, df2 = ms_tr, df_m
    estimate, se = table[-1].mean() - table[0].mean(), math.sqrt(2 * d / j)
    law = stats.norm if df2 is None else stats.t(df2)
    f = ms_t / d
    return {
        "estimate": estimate,
        "se": se,
        "ci_low": estimate - law.ppf(0.975) * se,
        "ci_high": estimate + law.ppf(0.975) * se,
        "p_value_difference": 2 * law.sf(abs(estimate) / se),
        "statistic": f * (i - 1) if df2 is None else f,
        "df": i - 1,
        "df2": df2,
        "p_value": stats.chi2.sf(f * (i - 1), i - 1) if df2 is None else stats.f.sf(f, i - 1, df2),
        "var_error": v,
        "cov1": c1,
        "cov2": c2,
        "cov3": c3,
        "ms_modality": ms_t,
        "ms_reader_modality": ms_tr,
    }
