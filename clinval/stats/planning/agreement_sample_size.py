"""Subjects that a study of agreement needs: tests of kappa, and the lower limit of kappa.

Sizes are of subjects that every rater rates; those who will be lost are to be added.
"""

from __future__ import annotations

from clinval.stats.planning._agreement_size import AgreementSize
from clinval.stats.planning._common_correlation_sizes import donner_eliasziw, rotondi_donner
from clinval.stats.planning._kappa_test_sizes import cantor, flack

__all__ = ["AgreementSize", "cantor", "donner_eliasziw", "flack", "rotondi_donner"]
