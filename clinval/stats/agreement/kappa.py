"""Chance-corrected agreement of readers on categories.

Ratings have subjects in rows and raters in columns; ``None`` (or NaN) is a missing rating.
Raters and subjects without any rating are dropped, and ``n`` counts the subjects that are left.
Categories are the distinct labels in order unless declared; declared categories that nobody
used count, since they change the weights and AC1. A table has the first rater in rows, the
second in columns.

Weights are agreement weights, 1 on the diagonal, of the distance d of two categories and the
span R of all (values if the labels are numbers, ranks if they are text): "unweighted",
"linear" 1 - d/R, "quadratic" 1 - (d/R)^2, "radical" 1 - sqrt(d/R), "ratio"
1 - [d/(v + v')]^2/[R/(max + min)]^2, "ordinal" 1 - M/max M with M = m(m - 1)/2 for the m
categories from one to the other, or a matrix.

When expected agreement is 1 a coefficient is 0/0 and undefined; observed agreement is still
given.
"""

from __future__ import annotations

from clinval.stats.agreement._cohen import cohen, cohen_test
from clinval.stats.agreement._cohen_groups import (
    cohen_clustered,
    cohen_clustered_stratified,
    cohen_stratified,
)
from clinval.stats.agreement._conger import conger, conger_stratified, light
from clinval.stats.agreement._fleiss import fleiss, fleiss_stratified, fleiss_test
from clinval.stats.agreement._gwet import (
    brennan_prediger,
    brennan_prediger_stratified,
    gwet,
    gwet_stratified,
)
from clinval.stats.agreement._krippendorff import krippendorff, krippendorff_stratified
from clinval.stats.agreement._pabak import pabak
from clinval.stats.agreement._pooled_bootstraps import (
    brennan_prediger_bootstrap,
    fleiss_bootstrap,
    gwet_bootstrap,
    krippendorff_bootstrap,
)
from clinval.stats.agreement._rater_bootstraps import (
    cohen_bootstrap,
    conger_bootstrap,
    light_bootstrap,
)
from clinval.stats.agreement._results import (
    BootstrapAgreement,
    ChanceCorrected,
    ClusteredKappa,
    FleissKappa,
    KappaTest,
    KrippendorffAlpha,
    MeanKappa,
    StratifiedAgreement,
)
from clinval.stats.agreement._scott import scott, scott_bootstrap, scott_stratified

__all__ = [
    "BootstrapAgreement",
    "ChanceCorrected",
    "ClusteredKappa",
    "FleissKappa",
    "KappaTest",
    "KrippendorffAlpha",
    "MeanKappa",
    "StratifiedAgreement",
    "brennan_prediger",
    "brennan_prediger_bootstrap",
    "brennan_prediger_stratified",
    "cohen",
    "cohen_bootstrap",
    "cohen_clustered",
    "cohen_clustered_stratified",
    "cohen_stratified",
    "cohen_test",
    "conger",
    "conger_bootstrap",
    "conger_stratified",
    "fleiss",
    "fleiss_bootstrap",
    "fleiss_stratified",
    "fleiss_test",
    "gwet",
    "gwet_bootstrap",
    "gwet_stratified",
    "krippendorff",
    "krippendorff_bootstrap",
    "krippendorff_stratified",
    "light",
    "light_bootstrap",
    "pabak",
    "scott",
    "scott_bootstrap",
    "scott_stratified",
]
