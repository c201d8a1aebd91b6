"""Area under the ROC curve of one score, or of a part of the curve.

``truth`` is 1 for diseased and 0 for non-diseased subjects; a higher score is more suspicious and
a tie of a diseased and a non-diseased subject counts half. A subject without a score is dropped
and counted.
"""

from __future__ import annotations

from clinval.stats.accuracy._auc_binormal import BinormalAuc, binormal
from clinval.stats.accuracy._auc_delong import (
    Auc,
    AucTest,
    delong,
    delong_logit,
    delong_test,
    newcombe,
    separated,
)
from clinval.stats.accuracy._auc_partial import (
    BootstrapAuc,
    PartialAuc,
    partial,
    partial_bootstrap,
    partial_delong,
)
from clinval.stats.accuracy._roc_curve import RocCurve, curve

__all__ = [
    "Auc",
    "AucTest",
    "BinormalAuc",
    "BootstrapAuc",
    "PartialAuc",
    "RocCurve",
    "binormal",
    "curve",
    "delong",
    "delong_logit",
    "delong_test",
    "newcombe",
    "partial",
    "partial_bootstrap",
    "partial_delong",
    "separated",
]
