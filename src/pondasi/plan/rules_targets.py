"""What must hold in the targets of a case: who and what counts, by when, and whether any step counts towards it."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pondasi.plan.rules import rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pondasi.tables.cells import Typed
    from pondasi.tables.raw import RawPack

PEOPLE, OUTPUT, STANDING = ("trained", "people"), ("output", "cover"), "standing"
"""Measures by what their subjects are: skills, nodes of the chain, steps."""
NEAR = 8
"""Ids that a finding offers, the likest first."""


def split_subjects(cell: object) -> tuple[str, ...]:
    """Return the ids in a cell of subjects.

    Example
    -------
    >>> split_subjects("technicians|researchers"), split_subjects(None)
    (('technicians', 'researchers'), ())
    """
    return tuple(part.strip() for part in str(cell).split("|") if part.strip()) if isinstance(cell, str) else ()


def check_targets(pack: RawPack, tables: Mapping[str, Typed]) -> None:
    """Hold targets to subjects of their measure, to what some step adds to, and to a level above nothing."""
    if "targets" not in tables:
        return
    known = _list_known(tables)
    typed = tables["targets"]
    for position, (name, measure, subject, value) in enumerate(typed.rows("target", "measure", "subject", "value")):
        if name is None or measure is None:
            continue
        place, subjects = typed.place(position, "subject"), split_subjects(subject)
        fields: dict[str, Any] = {"table": "targets"}
        if not subjects and measure not in PEOPLE:
            pack.add("target_without_subject", place, value=name, measure=measure, **fields)
        could = known[measure]
        for one in subjects:
            if could is not None and one not in could:
                shown = ", ".join(get_close_matches(one, sorted(could), n=NEAR, cutoff=0.0)) or "-"
                pack.add("target_subject", place, value=one, measure=measure, known=shown, **fields)
        if value == 0:
            pack.add("target_of_nothing", typed.place(position, "value"), value=0, **fields)
        if measure == STANDING and value is not None and value > len(set(subjects)) > 0:
            shown = str(len(set(subjects)))
            pack.add("target_above_steps", typed.place(position, "value"), value=f"{value:g}", n=shown, **fields)


def _list_known(tables: Mapping[str, Typed]) -> dict[str, set[str] | None]:
    """Return what may be a subject of each measure; None where the table that says so is missing."""
    people = {skill for (skill,) in rows_of(tables, "talent", "skill") if skill} if "talent" in tables else None
    made = None
    if "step_nodes" in tables:
        rows = rows_of(tables, "step_nodes", "node", "effect")
        made = {node for node, effect in rows if node and effect == "capacity"}
    steps = {step for (step,) in rows_of(tables, "steps", "step") if step} if "steps" in tables else None
    return {**dict.fromkeys(PEOPLE, people), **dict.fromkeys(OUTPUT, made), STANDING: steps}
