"""What is done with a returned file in which something may identify a person."""

from __future__ import annotations

from typing import Literal

from pydantic import Field as Setting

from clinval.protocol.base import Section

__all__ = ["Privacy"]


class Privacy(Section):
    """How the study deals with what may identify a patient, or who filled a file in.

    Whatever is chosen, nothing that may identify a patient is stored or shown, and a file that
    holds it is kept in quarantine only.
    """

    identifying: Literal["hold", "refuse"] = Setting(
        default="hold",
        description="a file in which something may identify a patient. hold: the cells that hold "
        "it are left out and the rest is stored; refuse: nothing of the file is stored",
    )
    metadata: Literal["clean", "keep", "refuse"] = Setting(
        default="clean",
        description="a file whose properties name who wrote it. clean: the copy that is kept with "
        "the study is without them, the file as it came is in quarantine; keep: it is kept as it "
        "came; refuse: nothing of it is stored",
    )
