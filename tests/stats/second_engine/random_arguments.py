"""Random arguments of every method that is computed twice, most of them at some edge.

Tiny arms and centers, empty cells, no discordant pair, all or no successes, a single center, values
that do not vary: each comes up in a few of a hundred draws.
"""

import numpy as np

SIZES = (3, 11, 60, 300)


def size(rng, least=1, sizes=SIZES):
    return int(rng.integers(least, rng.choice(sizes) + 1))


def chance(rng):
    return float(rng.choice([0, 0.02, 0.5, 0.9, 1, rng.random()]))


def two_arms(rng, sizes=SIZES):
    n1, n2 = size(rng, sizes=sizes), size(rng, sizes=sizes)
    return int(rng.binomial(n1, chance(rng))), n1, int(rng.binomial(n2, chance(rng))), n2


def small_arms(rng):
    return two_arms(rng, sizes=(3, 11, 30))


def one_arm(rng):
    return two_arms(rng)[:2]


def pairs(rng):
    shares = rng.dirichlet(rng.choice([0.1, 0.5, 2], 4))
    return tuple(rng.multinomial(size(rng), shares).tolist())


def many(rng):
    return int(rng.choice([1, 2, 3, 8, 25]))


def lists(rows):
    return tuple(map(list, zip(*rows, strict=True)))


def strata(rng):
    def tiny():
        n1, n2 = rng.integers(0, 5, 2).tolist()
        return int(rng.integers(0, n1 + 1)), n1, int(rng.integers(0, n2 + 1)), n2

    return lists([tiny() if rng.random() < 0.5 else two_arms(rng) for _ in range(many(rng))])


def paired_clusters(rng):
    return lists([pairs(rng) if rng.random() < 0.9 else (0, 0, 0, 0) for _ in range(many(rng))])


def paired_strata(rng):
    n11, n10, n01, n00 = map(np.array, paired_clusters(rng))
    return n10.tolist(), n01.tolist(), (n11 + n10 + n01 + n00).tolist()


def clusters(rng):
    n = rng.integers(0, 6, many(rng))
    return rng.binomial(n, chance(rng)).tolist(), n.tolist()


def clustered_arms(rng):
    return (*clusters(rng), *clusters(rng))


def values(rng, n, kind):
    kind = "same" if rng.random() < 0.05 else kind
    drawn = {
        "normal": rng.normal(5, 1, n),
        "round": np.round(rng.normal(5, 1, n)) + 10,
        "skewed": rng.lognormal(0, 1, n),
        "same": np.full(n, 5.0),
    }
    return np.abs(drawn[kind]) + 0.1  # positive, for ratios


def kind_of_values(rng):
    return str(rng.choice(["normal", "round", "skewed"]))


def samples(rng):
    kind = kind_of_values(rng)
    return tuple(values(rng, size(rng, 0, (3, 11, 80)), kind).tolist() for _ in range(2))


def paired_samples(rng):
    kind, n = kind_of_values(rng), size(rng, 0, (3, 11, 80))
    return values(rng, n, kind).tolist(), values(rng, n, kind).tolist()


def centers(rng, n):
    codes = rng.integers(0, rng.choice([1, 2, 3, 6, 20]), n)
    shift = rng.normal(0, rng.choice([0, 0.3, 2]), 20)[codes]
    return [f"S{code:02}" for code in codes], shift


def pairs_at_centers(rng):
    test, reference = paired_samples(rng)
    labels, shift = centers(rng, len(test))
    return (np.array(test) * np.exp(shift)).tolist(), reference, labels


def arms_at_centers(rng):
    n = size(rng, sizes=(3, 11, 80))
    labels, shift = centers(rng, n)
    score = values(rng, n, kind_of_values(rng)) + shift
    return score.tolist(), rng.integers(0, 2, n).tolist(), labels


def with_baseline(rng):
    n = size(rng, sizes=(3, 11, 80))
    score, baseline = values(rng, n, "normal"), values(rng, n, kind_of_values(rng))
    return score.tolist(), rng.integers(0, 2, n).tolist(), baseline.tolist()


def survival(rng):
    n = size(rng, sizes=(3, 11, 80))
    status = rng.random(n) < rng.choice([0.1, 0.6, 1])
    arm = rng.integers(0, 2, n)
    return values(rng, n, kind_of_values(rng)).tolist(), status.astype(int).tolist(), arm.tolist()


def survival_to_tau(rng):
    return (*survival(rng), float(rng.choice([0.5, 3, 5, 15])))


def categories(rng):
    number = int(rng.choice([2, 3, 5]))
    return tuple(rng.integers(1, number + 1, size(rng, 0)).tolist() for _ in range(2))


def truth_and(number, rng):
    n = size(rng, sizes=(3, 11, 80))
    truth = (rng.random(n) < rng.choice([0.1, 0.5, 1])).astype(int)
    scores = []
    for _ in range(number):
        score = values(rng, n, kind_of_values(rng)) + truth * rng.choice([0, 1, 5, 100])
        if rng.random() < 0.3:
            score = np.round(score / 3)  # few distinct values
        gaps = rng.random(n) < rng.choice([0, 0, 0.2])
        scores.append([None if gap else float(v) for gap, v in zip(gaps, score, strict=True)])
    return truth.tolist(), *scores


def one_score(rng):
    return truth_and(1, rng)


def two_scores(rng):
    return truth_and(2, rng)


def cluster_labels(rng, args):
    return {"cluster": rng.integers(0, rng.choice([1, 3, 20, 80]), len(args[0])).tolist()}


def part_of_a_curve(rng, args):
    low, high = sorted(rng.choice([0, 0.1, 0.25, 0.5, 0.8, 0.9, 1], 2, replace=False).tolist())
    focus = str(rng.choice(["specificity", "sensitivity"]))
    return {"focus": focus, "low": low, "high": high, "corrected": bool(rng.integers(0, 2))}


def reads(rng):
    """Return the rows of a reader study, crossed or with one of four kinds of gaps."""
    readers, cases = int(rng.choice([1, 2, 3, 5])), size(rng, 2, (4, 12, 30))
    truth = (rng.random(cases) < rng.choice([0.2, 0.5])).astype(int)
    gaps, hard = int(rng.choice([0, 0, 0, 1, 2, 3])), rng.normal(0, 1, cases)
    rows = []
    for reader in range(readers):
        for arm in (0, 1):
            score = hard + truth * rng.choice([0, 1, 3]) + rng.normal(0, 1, cases)
            score = np.round(score) if rng.random() < 0.5 else score
            score = np.zeros(cases) if rng.random() < 0.02 else score
            for case in range(cases):
                if (gaps == 1 and rng.random() < 0.15) or (gaps == 2 and case % readers != reader):
                    continue
                if gaps == 3 and case // 2 % 2 != arm:
                    continue
                rows.append((float(score[case]), int(truth[case]), reader, arm, case))
    return lists(rows) if rows else ([], [], [], [], [])


def of_reads(rng, args):
    cells = len(set(args[2])) * len(set(args[3])) * len(set(args[4]))
    metric = str(rng.choice(["auc", "sensitivity", "specificity"]))
    return {
        "metric": metric,
        "threshold": None if metric == "auc" else 1.0,
        "random": str(rng.choice(["readers_cases", "cases", "readers"])),
        "covariance": str(rng.choice(["delong", "jackknife"]))
        if len(args[0]) == cells
        else "jackknife",
    }


OF_MODULE = {
    "auc": one_score,
    "auc_difference": two_scores,
    "clustered_difference": clustered_arms,
    "clustered_paired_difference": paired_clusters,
    "clustered_proportion": clusters,
    "location_ratio": paired_samples,
    "mrmc": reads,
    "odds_ratio": two_arms,
    "ordinal_odds_ratio": categories,
    "paired_difference": pairs,
    "paired_odds_ratio": pairs,
    "paired_ratio": pairs,
    "proportion": one_arm,
    "risk_difference": two_arms,
    "risk_ratio": two_arms,
    "stratified_difference": strata,
    "stratified_odds_ratio": strata,
    "stratified_paired_difference": paired_strata,
    "time_to_event": survival,
}
OF_METHOD = {
    "clustered_auc.obuchowski": one_score,
    "clustered_auc.obuchowski_difference": two_scores,
    "location_shift.hodges_lehmann": samples,
    "location_shift.hodges_lehmann_paired": paired_samples,
    "mean_difference.ancova": with_baseline,
    "mean_difference.paired_random_site": pairs_at_centers,
    "mean_difference.paired_t": paired_samples,
    "mean_difference.random_site_kenward_roger": arms_at_centers,
    "mean_difference.random_site_satterthwaite": arms_at_centers,
    "mean_difference.student": samples,
    "mean_difference.welch": samples,
    "mean_ratio.fieller": samples,
    "mean_ratio.fieller_paired": paired_samples,
    "mean_ratio.geometric_paired": paired_samples,
    "mean_ratio.geometric_random_site": pairs_at_centers,
    "mean_ratio.geometric_two_stage": pairs_at_centers,
    "mean_ratio.geometric_welch": samples,
    "risk_difference.chan_zhang": small_arms,
    "time_to_event.rmst_difference": survival_to_tau,
    "time_to_event.rmst_ratio": survival_to_tau,
    "win_probability.brunner_munzel": samples,
    "win_probability.paired_clustered": pairs_at_centers,
}


def arguments(method, rng):
    draw = OF_METHOD.get(method) or OF_MODULE[method.partition(".")[0]]
    return draw(rng)


KEYWORDS = {
    "auc.partial_delong": part_of_a_curve,
    "auc_difference.partial_delong": part_of_a_curve,
    "clustered_auc.obuchowski": cluster_labels,
    "clustered_auc.obuchowski_difference": cluster_labels,
    "mrmc.obuchowski_rockette": of_reads,
}


def keywords(method, rng, args):
    """Return the arguments that a method takes by name only, beside its level and weights."""
    return KEYWORDS[method](rng, args) if method in KEYWORDS else {}
