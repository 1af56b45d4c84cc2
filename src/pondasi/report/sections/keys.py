"""The legend of bars: stages by colour and letter, grades by texture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pondasi.facts import GRADES
from pondasi.report.charts.ranked_bars import Key
from pondasi.report.svg import GREY, LETTERS, STAGES

if TYPE_CHECKING:
    from collections.abc import Collection

    from pondasi.report.context import Context


def list_keys(context: Context, stages: Collection[str], grades: Collection[str]) -> list[Key]:
    """Return legend entries for the stages and grades that occur."""
    return [
        *(Key(context.stage(name), colour, letter=LETTERS[name]) for name, colour in STAGES.items() if name in stages),
        *(Key(context.grade(grade), GREY, grade) for grade in GRADES if grade in grades),
    ]
