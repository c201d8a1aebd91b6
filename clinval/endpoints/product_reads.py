"""Results of a product alone beside the reads of readers of the same cases."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field as Setting

from clinval.core.expressions import Truth, parse
from clinval.endpoints.kind import Context
from clinval.endpoints.measured import arm_of_row
from clinval.endpoints.reader_reads import OfReads, StudyReads, reads_of
from clinval.endpoints.reference_standard import refuse
from clinval.protocol.base import Section, Words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.study.data import StudyData

__all__ = ["OfProduct", "ProductAlone", "ProductReads", "product_reads"]

_PRODUCT = -1  # the product among the readers


class ProductAlone(Section):
    """The results of the product: one row a subject, in its arm where the form has arms."""

    form: Annotated[str, Setting(pattern=r"^F\d{2}$")]
    measure: Words
    where: Words | None = None
    threshold: float | None = Setting(
        default=None, description="the product's score from which on a call is positive"
    )


class OfProduct(OfReads):
    """An endpoint on a product alone against readers, who may score on another scale."""

    product: ProductAlone

    @property
    def product_cut(self) -> float | None:
        """The product's score from which on a call is positive; of a rule between no and yes."""
        if self.cut is None:
            return None
        return 0.5 if self.product.threshold is None else self.product.threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductReads(StudyReads):
    """Reads of readers in one arm; ``product`` is the product's score of each case."""

    product: NDArray[np.float64]

    def known(self) -> Self:
        """Return the reads of cases that the product has a score of."""
        import numpy as np

        return self.of_cases(~np.isnan(self.product))

    def beside(self) -> dict[str, Any]:
        """Return the reads with those of the product, as the statistic takes them."""
        import numpy as np

        cases = self.cases
        return {
            "score": np.concatenate([self.score, self.product[cases]]),
            "truth": np.concatenate([self.truth[self.case], self.truth[cases]]),
            "reader": np.concatenate([self.reader, np.full(len(cases), _PRODUCT)]),
            "case": np.concatenate([self.case, cases]),
            "ai": _PRODUCT,
        }

    @property
    def sha256(self) -> str:
        """Hash of the reads, the truth and the product's scores."""
        import numpy as np

        digest = hashlib.sha256()
        for array in (self.score, self.reader, self.subject[self.case], self.truth, self.product):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


def product_reads(
    endpoint: OfProduct, context: Context, product: str, readers: str
) -> ProductReads:
    """Return the reads of an arm beside the product's results of the same cases.

    Parameters
    ----------
    endpoint, context
        The endpoint on an analysis set.
    product, readers
        Ids of the arms of the product and of the readers.

    Raises
    ------
    AnalysisError
        As for reads, and for several results of the product of a subject.
    """
    reads = reads_of(endpoint, context, (readers,))
    score = _scores(endpoint, context.data, product)
    given = {field.name: getattr(reads, field.name) for field in fields(reads)}
    return ProductReads(**given, product=score[reads.subject])


def _scores(endpoint: OfProduct, data: StudyData, arm: str) -> NDArray[np.float64]:
    """Return the product's score of each subject, NaN without one."""
    import numpy as np

    said = endpoint.product
    scope, subject = data.scope(said.form), data.subject_of_row(said.form)
    result: Any = parse(said.measure).evaluate(scope)
    if isinstance(result, Truth):
        score = np.where(result.known, result.true.astype(float), np.nan)
    else:
        score = np.asarray(result, dtype=float)
    kept = (subject >= 0) & ~np.isnan(score)
    if data.protocol.form(said.form).field("arm") is not None:
        kept &= arm_of_row(said.form, data, (arm,)) == 0
    if said.where:
        where = parse(said.where).truth(scope)
        kept &= where.true & where.known
    found = np.full(len(data.site_of_subject), np.nan)
    found[subject[kept]] = score[kept]
    several = np.bincount(subject[kept], minlength=len(found)) > 1
    refuse("rows-not-combined", several, endpoint, data, said.form)
    return found
