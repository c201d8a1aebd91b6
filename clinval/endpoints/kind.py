"""What an endpoint kind is, and what its analysis is given."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from clinval.protocol.endpoint import Endpoint

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.endpoints.recorder import Recorder
    from clinval.protocol.draft import Draft
    from clinval.study.analysis_sets import Membership
    from clinval.study.data import StudyData

__all__ = ["Context", "EndpointKind", "Report", "seed_of"]

Report = Callable[..., None]
"""Called as ``report(kind, path, offset=0, **parameters)``; the path starts at the endpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What an analysis works on: the data, one analysis set, and where the records go."""

    data: StudyData
    sets: dict[str, Membership]
    set_id: str
    recorder: Recorder

    @property
    def member(self) -> NDArray[np.bool_]:
        """Membership in the analysis set, by subject."""
        return self.sets[self.set_id].member

    @property
    def seed(self) -> int:
        """A seed from those of the protocol and the endpoint, for methods that draw numbers."""
        return seed_of(self.data.protocol.seed, self.recorder.endpoint, self.set_id)

    def random(self) -> np.random.Generator:
        """Return a generator seeded by the protocol and the endpoint, so that runs repeat."""
        import numpy as np

        return np.random.default_rng([*divmod(self.seed, 2**32)])


def seed_of(protocol_seed: int, endpoint: str, set_id: str) -> int:
    """Return the seed of an endpoint on an analysis set, from that of the protocol."""
    return (protocol_seed << 32) + zlib.crc32(f"{endpoint}.{set_id}".encode())


class EndpointKind(Protocol):
    """A module of this package."""

    Spec: type[Endpoint]

    def lint(self, endpoint: Any, draft: Draft, report: Report) -> None:
        """Report what is wrong with an endpoint beyond the types of its keys."""
        ...

    def analyze(self, endpoint: Any, context: Context) -> None:
        """Compute the endpoint on one analysis set and record every number."""
        ...
