"""A saved plan as a brief reads it: its tables by what they count, and the rows of the case behind it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from pondasi.facts import Figure, weakest
from pondasi.plan.gates import read_gates
from pondasi.plan.roadmap import is_wide
from pondasi.report.evidence import Step
from pondasi.tables.rows import index_rows, list_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pondasi.facts import Grade
    from pondasi.plan.gates import Gates
    from pondasi.workspace import SavedRun

ROUNDING = 1e-6
"""By which a difference may exceed the gap of its search: value and bound are rounded apart."""

SURE = 1 - 1e-9
"""A chance above this is certain: probabilities add up to one but for rounding."""


class PlanRun:
    """A saved plan as a brief reads it.

    Parameters
    ----------
    run
        Of the verb ``plan``.
    """

    def __init__(self, run: SavedRun) -> None:
        self.run = run
        self.home = str(run.manifest["options"]["home"])
        self.tables = run.tables()

    # --- the run

    @property
    def is_impossible(self) -> bool:
        """Whether the run found that no plan keeps all limits."""
        return "impossible" in self.tables

    @cached_property
    def set(self) -> Mapping[str, Any]:
        """What the call set, and how firm the whole is."""
        return list_rows(self.tables["run"])[0]

    @cached_property
    def measures(self) -> Mapping[str, float]:
        """Value, bound and costs [million USD]."""
        return list_rows(self.tables["measures"])[0]

    @property
    def has_settled(self) -> bool:
        """Whether the search was done among the likely starts, with its bound still further off than its gap."""
        value, most = self.measures["value"], self.measures["most"]
        return has_settled(value, most, self.set["gap"], finished=bool(self.set["finished"]))

    @property
    def is_wide(self) -> bool:
        """Whether time ended the search so early that its bound tells nothing."""
        return is_wide(self.measures["value"], self.measures["most"], finished=bool(self.set["finished"]))

    @cached_property
    def steps(self) -> Mapping[str, dict[str, Any]]:
        """Steps that are started anywhere, by id, in the order of their pillars."""
        return index_rows(self.tables["steps"], "step")

    @cached_property
    def starts(self) -> list[dict[str, Any]]:
        """Every start, in order of time."""
        return list_rows(self.tables["starts"])

    @cached_property
    def futures(self) -> Mapping[str, dict[str, Any]]:
        """Futures by id, parents first."""
        return index_rows(self.tables["futures"], "future")

    @cached_property
    def branches(self) -> Mapping[str, dict[str, Any]]:
        """What may turn out of a variable, by id."""
        return index_rows(self.tables["conditions"], "branch")

    @cached_property
    def gates(self) -> Gates:
        """The plan as a tree of decisions."""
        return read_gates(self.tables["starts"], self.tables["futures"], self.tables["conditions"])

    @cached_property
    def purses(self) -> Mapping[str, dict[str, Any]]:
        """Who pays, by id."""
        return index_rows(self.tables["purses"], "purse")

    @cached_property
    def targets(self) -> list[dict[str, Any]]:
        """Targets that the plan was asked for; none where it was for money alone."""
        return list_rows(self.tables["targets"]) if "targets" in self.tables else []

    @cached_property
    def missed(self) -> Mapping[str, dict[str, Any]]:
        """Targets that are out of reach without the partner, by id."""
        table = self.tables.get("partner_missed")
        return {} if table is None else index_rows(table, "target")

    @cached_property
    def ways(self) -> list[dict[str, Any]]:
        """What would have to be loosened for each target out of reach, limit by limit."""
        return list_rows(self.tables["target_ways"]) if "target_ways" in self.tables else []

    @cached_property
    def money(self) -> Mapping[tuple[int, str], dict[str, Any]]:
        """Money by year and purse [million USD]."""
        return index_rows(self.tables["money"], "year", "purse")

    @cached_property
    def people(self) -> Mapping[tuple[int, str], dict[str, Any]]:
        """People by year and skill."""
        return index_rows(self.tables["people"], "year", "skill")

    @cached_property
    def output(self) -> Mapping[tuple[int, str], dict[str, Any]]:
        """New capacity by year and node [million USD a year]."""
        return index_rows(self.tables["output"], "year", "node")

    @cached_property
    def inputs(self) -> Mapping[str, Step]:
        """Rows of the case behind the plan, by place."""
        return {
            row["place"]: Step(
                row["place"],
                Figure(
                    row["value"],
                    row["unit"],
                    row["low"],
                    row["high"],
                    None if row["year"] is None else int(row["year"]),
                    weakest(row["grade"]),
                    split_sources(row["sources"]),
                ),
            )
            for row in list_rows(self.tables["inputs"])
        }

    @property
    def grade(self) -> Grade:
        """How firm the plan is as a whole."""
        return weakest(self.set["grade"])

    @property
    def years(self) -> range:
        """Years of the plan."""
        return range(int(self.set["first"]), int(self.set["last"]) + 1)

    @property
    def partner(self) -> str | None:
        """The partner whose part was weighed."""
        return str(self.tables["partner"]["partner"].iloc[0]) if "partner" in self.tables else None

    def list_soon(self) -> list[str]:
        """Return the steps that start in the first years in some future, the surest first."""
        soon = [step for step, row in self.steps.items() if row["soon"] > 0]
        return sorted(soon, key=lambda step: (-self.steps[step]["soon"], self.steps[step]["first"], step))

    def find_partner(self, step: str) -> str | None:
        """Return with whom a step starts first; None where it does so alone."""
        partner = next(row["partner"] for row in self.starts if row["step"] == step)
        return None if partner is None else str(partner)

    def list_sure(self) -> list[str]:
        """Return the steps that start in every future."""
        return [step for step, row in self.steps.items() if row["chance"] >= SURE]

    def list_nodes(self) -> list[str]:
        """Return the nodes that are added to, by falling capacity in the last year."""
        last = self.years[-1]
        nodes = [node for year, node in self.output if year == last and self.output[year, node]["standing"] > 0]
        return sorted(nodes, key=lambda node: (-self.output[last, node]["standing"], node))

    def draw_profile(self, step: str) -> list[tuple[int, float, float]]:
        """Return for each year the chance that a step is being built, and that it runs."""
        mine = [row for row in self.starts if row["step"] == step]
        found = []
        for year in self.years:
            begun = [row for row in mine if row["year"] <= year]
            ready = sum(row["probability"] for row in begun if year >= row["year"] + row["lead"])
            found.append((year, sum(row["probability"] for row in begun) - ready, ready))
        return found


def has_settled(value: float, most: float, gap: float, *, finished: bool) -> bool:
    """Tell whether a search was done among the likely starts while its bound lay further off than its gap.

    Parameters
    ----------
    value, most
        What the plan is worth, and what no plan can exceed [million USD].
    gap
        Gap that was asked for, relative to the value.
    finished
        Whether the search ended by itself, not by its time.

    Examples
    --------
    >>> has_settled(100.0, 115.0, 0.05, finished=True), has_settled(100.0, 104.0, 0.05, finished=True)
    (True, False)
    """
    return finished and most - value > gap * abs(value) * (1 + ROUNDING)


def split_sources(cell: str | None) -> tuple[str, ...]:
    """Return the ids of sources in a cell."""
    return tuple(filter(None, (cell or "").split("|")))
