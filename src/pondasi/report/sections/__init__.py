"""The sections of a brief, one file a question; a later question adds a file and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.report.compute_plan import compute_plan, has_plan, is_plan_enough
from pondasi.report.compute_questions import compute_critical, compute_sample, compute_sensitivity, is_sample_enough
from pondasi.report.compute_stress import compute_stress, is_enough
from pondasi.report.sections.concentration import write_concentration
from pondasi.report.sections.critical import write_critical
from pondasi.report.sections.exposure import write_exposure
from pondasi.report.sections.partner import write_partner
from pondasi.report.sections.peers import write_peers
from pondasi.report.sections.place import write_place
from pondasi.report.sections.plan import write_plan
from pondasi.report.sections.plan_assumptions import write_assumptions
from pondasi.report.sections.plan_others import write_others, write_partners
from pondasi.report.sections.plan_worth import write_front, write_units, write_worth
from pondasi.report.sections.sample import write_sample
from pondasi.report.sections.sensitivity import write_sensitivity
from pondasi.report.sections.stress import write_stress
from pondasi.report.sections.unknown import write_unknown
from pondasi.report.slots import Slot

if TYPE_CHECKING:
    from collections.abc import Callable

    from pondasi.report.blocks import Section
    from pondasi.report.context import Context
    from pondasi.workspace import SavedRun


def _ask_plan(name: str, write: Callable[[Context, SavedRun], Section], flag: str, *tables: str) -> Slot:
    """Return the slot of a question that is asked of a plan beyond the plan itself."""
    asks = f"--quick {flag}"
    return Slot(
        "plan",
        name=name,
        write=write,
        asks=asks,
        prefer=("with",),
        offered=has_plan,
        tables=tables,
        optional=True,
        of_case=True,
    )


SECTIONS: tuple[Callable[[Context], Section | None] | Slot, ...] = (
    write_place,
    write_exposure,
    write_peers,
    write_concentration,
    Slot(
        "stress",
        write=write_stress,
        compute=compute_stress,
        needs=("shock",),
        enough=is_enough,
        tables=("shocks", "outcomes", "paths", "carried", "losses"),
    ),
    Slot(
        "sensitivity",
        write=write_sensitivity,
        compute=compute_sensitivity,
        asks="--shock NAME",
        depths=("full",),
        tables=("factors", "rows", "central"),
        optional=True,
    ),
    Slot(
        "stress",
        name="sample",
        write=write_sample,
        compute=compute_sample,
        needs=("sample",),
        enough=is_sample_enough,
        asks="--sample N",
        depths=("full",),
        tables=("campaign", "outcomes", "hazards"),
        optional=True,
    ),
    Slot(
        "stress",
        name="critical",
        write=write_critical,
        compute=compute_critical,
        needs=("critical",),
        asks="--critical",
        depths=("full",),
        tables=("criticality", "survival"),
        optional=True,
    ),
    Slot(
        "plan",
        write=write_plan,
        compute=compute_plan,
        prefer=("with",),
        enough=is_plan_enough,
        offered=has_plan,
        of_case=True,
    ),
    _ask_plan("others", write_others, "--alternatives N", "alternatives", "alternative_steps"),
    _ask_plan(
        "assumptions", write_assumptions, "--assumptions N", "assumptions", "assumption_runs", "assumption_steps"
    ),
    _ask_plan("units", write_units, "--reasons", "units"),
    _ask_plan("worth", write_worth, "--worth", "gains"),
    _ask_plan("front", write_front, "--front", "front_jobs"),
    Slot(
        "partners",
        write=write_partners,
        offered=has_plan,
        asks="--quick",
        tables=("partners", "measures"),
        optional=True,
        of_case=True,
    ),
    write_partner,
    write_unknown,
)
"""In reading order: position, risk, first steps, with whom, how we will know, what we do not know.
The stress test is one of named shocks: runs of sampled ones, of lost suppliers and of remedies have other tables.
A slot waits for runs of its verb; `pondasi.report.slots` says how to fill it."""

SLOTS = tuple(item for item in SECTIONS if isinstance(item, Slot))
