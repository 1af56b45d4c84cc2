"""The sections of a brief, one file a question; a later question adds a file and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.report.compute_plan import compute_plan, has_plan, is_plan_enough
from pondasi.report.compute_stress import compute_stress, is_enough
from pondasi.report.sections.concentration import write_concentration
from pondasi.report.sections.exposure import write_exposure
from pondasi.report.sections.partner import write_partner
from pondasi.report.sections.peers import write_peers
from pondasi.report.sections.place import write_place
from pondasi.report.sections.plan import write_plan
from pondasi.report.sections.stress import write_stress
from pondasi.report.sections.unknown import write_unknown
from pondasi.report.slots import Slot

if TYPE_CHECKING:
    from collections.abc import Callable

    from pondasi.report.blocks import Section
    from pondasi.report.context import Context

SECTIONS: tuple[Callable[[Context], Section | None] | Slot, ...] = (
    write_place,
    write_exposure,
    write_peers,
    write_concentration,
    Slot("stress", write=write_stress, compute=compute_stress, needs=("shock",), enough=is_enough),
    Slot("plan", write=write_plan, compute=compute_plan, prefer=("with",), enough=is_plan_enough, offered=has_plan),
    write_partner,
    write_unknown,
)
"""In reading order: position, risk, first steps, with whom, how we will know, what we do not know.
The stress test is one of named shocks: a run of sampled ones has other tables.
A slot waits for runs of its verb; `pondasi.report.slots` says how to fill it."""

SLOTS = tuple(item for item in SECTIONS if isinstance(item, Slot))
