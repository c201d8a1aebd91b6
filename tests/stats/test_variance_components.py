import numpy as np
import pytest
from scipy import optimize

from clinval.stats._checks import NotEstimableError
from clinval.stats._variance_components import NO_ERROR, fit_components


def dense_fit(y, x, factors):
    """REML with full matrices over the logarithms of the variances; expected information."""
    blocks = [(codes[:, None] == codes).astype(float) for codes in factors] + [np.eye(len(y))]

    def projected(variances):
        inverse = np.linalg.inv(sum(v * g for v, g in zip(variances, blocks, strict=True)))
        covariance = np.linalg.inv(x.T @ inverse @ x)
        return inverse, covariance, inverse - inverse @ x @ covariance @ x.T @ inverse

    def deviance(logs):
        inverse, covariance, p = projected(np.exp(logs))
        return -np.linalg.slogdet(inverse)[1] - np.linalg.slogdet(covariance)[1] + y @ p @ y

    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 9000, "maxfev": 9000}
    best = min(
        (
            optimize.minimize(deviance, start, method="Nelder-Mead", options=options)
            for start in (np.zeros(len(blocks)), np.linspace(-1, 1, len(blocks)))
        ),
        key=lambda found: found.fun,
    )
    variances = np.exp(best.x)
    inverse, covariance, p = projected(variances)
    information = np.array([[np.trace(p @ a @ p @ b) for b in blocks] for a in blocks])
    return variances, covariance @ x.T @ inverse @ y, covariance, 2 * np.linalg.inv(information)


def dense_codes(codes):
    return np.unique(codes, return_inverse=True)[1]


def crossed_study(seed, *, subjects=9, readers=3, sessions=2, gaps=0.15):
    """Return values and codes of a study with replicates, centers and gaps."""
    rng = np.random.default_rng(seed)
    subject, reader, session = (grid.ravel() for grid in np.indices((subjects, readers, sessions)))
    center = subject % 3
    y = 40 + 2 * rng.normal(size=subjects)[subject] + 2 * np.array([1, -1, 0.3])[center]
    y = (
        y
        + 1.5 * rng.normal(size=readers)[reader]
        + rng.normal(size=(subjects, readers))[subject, reader]
    )
    y = y + 0.8 * rng.normal(size=len(y))
    kept = rng.random(len(y)) > gaps
    cell = dense_codes((subject * readers + reader)[kept])
    return y[kept], dense_codes(subject[kept]), cell, reader[kept], center[kept], session[kept]


@pytest.mark.parametrize("seed", [1, 2])
def test_replicates_centers_and_gaps_agree_with_dense_matrices(seed):
    y, subject, cell, reader, center, _ = crossed_study(seed)
    one = np.ones((len(y), 1))
    fit = fit_components(y, one, subject=subject, cell=cell, others=[reader, center])
    variances, mean, covariance, information = dense_fit(y, one, [subject, cell, reader, center])
    np.testing.assert_allclose(fit.variances, variances, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(fit.coefficients, mean, rtol=1e-6)
    np.testing.assert_allclose(fit.covariance, covariance, rtol=1e-4)
    if variances.min() > 1e-6:
        np.testing.assert_allclose(fit.information, information, rtol=1e-3, atol=1e-6)


def test_fixed_effects_and_no_subjects_agree_with_dense_matrices():
    y, subject, _, reader, center, session = crossed_study(5)
    x = np.column_stack([np.ones(len(y)), session])
    fit = fit_components(y, x, subject=subject, others=[reader])
    variances, b, covariance, _ = dense_fit(y, x, [subject, reader])
    assert variances.min() > 0.01
    np.testing.assert_allclose(fit.variances, variances, rtol=1e-4)
    np.testing.assert_allclose(fit.coefficients, b, rtol=1e-5)
    np.testing.assert_allclose(fit.covariance, covariance, rtol=1e-4)
    # a factor is the same whether it is eliminated or not
    one = np.ones((len(y), 1))
    eliminated = fit_components(y, one, subject=center, others=[reader])
    other = fit_components(y, one, others=[center, reader])
    np.testing.assert_allclose(eliminated.variances, other.variances, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(eliminated.information, other.information, rtol=1e-3, atol=1e-6)


def test_the_derivatives_of_the_covariance_are_differences_of_it():
    y, subject, _, reader, _, session = crossed_study(4)
    x = np.eye(2)[session]
    fit = fit_components(y, x, subject=subject, others=[reader])
    blocks = [(codes[:, None] == codes).astype(float) for codes in (subject, reader)]
    blocks.append(np.eye(len(y)))

    def covariance(variances):
        v = sum(a * b for a, b in zip(variances, blocks, strict=True))
        return np.linalg.inv(x.T @ np.linalg.inv(v) @ x)

    for one in range(3):
        step = 1e-5 * np.eye(3)[one]
        slope = (covariance(fit.variances + step) - covariance(fit.variances - step)) / 2e-5
        np.testing.assert_allclose(fit.covariance_slopes[one], slope, rtol=1e-5, atol=1e-9)


def test_balanced_data_have_the_information_of_the_analysis_of_variance():
    rng = np.random.default_rng(8)
    n, k = 30, 4
    table = 3 * rng.normal(size=(n, 1)) + 2 * rng.normal(size=(1, k)) + rng.normal(size=(n, k))
    subject, reader = (grid.ravel() for grid in np.indices((n, k)))
    fit = fit_components(table.ravel(), np.ones((n * k, 1)), subject=subject, others=[reader])
    error = fit.variances[2]
    assert fit.information[2, 2] == pytest.approx(2 * error**2 / ((n - 1) * (k - 1)), rel=1e-5)
    between = error + k * fit.variances[0]
    wanted = (2 * between**2 / (n - 1) + fit.information[2, 2]) / k**2
    assert fit.information[0, 0] == pytest.approx(wanted, rel=1e-5)


def test_a_thousand_subjects_with_gaps_are_quick_and_right():
    y, subject, cell, reader, center, _ = crossed_study(6, subjects=1500, readers=4, gaps=0.3)
    fit = fit_components(
        y, np.ones((len(y), 1)), subject=subject, cell=cell, others=[reader, center]
    )
    assert fit.variances[[0, 1, 4]] == pytest.approx([4, 1, 0.64], rel=0.15)


def test_what_cannot_be_told_is_said():
    one = np.ones((6, 1))
    y, pairs = np.array([1.0, 2, 4, 3, 7, 5]), np.array([0, 0, 1, 1, 2, 2])
    with pytest.raises(NotEstimableError, match="do not vary"):
        fit_components(np.full(6, 3.3), one, subject=pairs)
    with pytest.raises(NotEstimableError, match="tell the variances apart"):
        fit_components(y, one, subject=pairs, others=[pairs])
    with pytest.raises(NotEstimableError, match="no degrees of freedom"):
        fit_components(y, one, subject=np.arange(6))
    with pytest.raises(NotEstimableError, match=NO_ERROR):
        fit_components(np.array([1.0, 1, 2, 2, 5, 5]), one, subject=pairs)
