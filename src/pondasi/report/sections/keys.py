"""The legend of bars that show holdings: stages by colour, grades by texture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.facts import GRADES
from pondasi.report.charts.ranked_bars import Key
from pondasi.report.svg import GREY, STAGES

if TYPE_CHECKING:
    from pondasi.report.context import Context
    from pondasi.report.findings import Holding


def list_keys(context: Context, held: list[Holding]) -> list[Key]:
    """Return legend entries for the stages and grades that occur."""
    stages = {item.node.stage for item in held}
    grades = {item.part.grade for item in held}
    return [
        *(Key(context.stage(name), colour) for name, colour in STAGES.items() if name in stages),
        *(Key(context.grade(grade), GREY, grade) for grade in GRADES if grade in grades),
    ]
