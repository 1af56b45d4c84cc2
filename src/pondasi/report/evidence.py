"""From the place of a figure to its rows: what a brief cites, and what `pondasi explain` prints."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Protocol

from pondasi.chain.rules import FIGURES
from pondasi.errors import UsageError
from pondasi.facts import Figure, weakest
from pondasi.report.results import RESULTS, name_row
from pondasi.tables.dictionary import load_dictionary
from pondasi.tables.rows import index_rows, list_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pondasi.chain.records import Chain
    from pondasi.report.findings import Findings
    from pondasi.workspace import SavedRun

PLAN_QUESTIONS = ("others", "assumptions", "units", "worth", "front", "partners")
"""Slots of what is asked of a plan beyond the plan itself."""
SHOWN = 12
"""Parts of a result that are listed; the rest is summed."""


@dataclass(frozen=True)
class Step:
    """One row or part behind a figure: its place, its figure, its weight in the whole, the remark of its row."""

    place: str
    figure: Figure
    note: str = ""
    weight: float | None = None


@dataclass(frozen=True)
class Explanation:
    """A figure, what it rests on, and the sources of all of it.

    ``rest`` is the weight of the parts that are not listed, ``more`` their number.
    """

    place: str
    figure: Figure
    steps: tuple[Step, ...]
    rest: float = 0.0
    sources: tuple[dict[str, Any], ...] = field(default=(), repr=False)
    more: int = 0


class Tells(Protocol):
    """Figures of a saved run."""

    def find(self, place: str) -> tuple[Figure, list[Step]]:
        """Return a figure and what it rests on; a LookupError where there is none of that name."""
        ...


@dataclass(frozen=True)
class Evidence:
    """Rows of a chain by their place, and the results that were measured on it.

    Parameters
    ----------
    rows
        Every row with a figure, by its full place (``shares/wafer_200/IDN/location``).
    sources
        Rows of the sources by id.
    findings
        Where results are; None if only rows are asked for.
    told
        Figures of saved runs, by the first part of their names.
    """

    rows: Mapping[str, Step] = field(repr=False)
    sources: Mapping[str, dict[str, Any]] = field(repr=False)
    findings: Findings | None = field(default=None, repr=False)
    told: Mapping[str, Tells] = field(default_factory=dict, repr=False)

    def explain(self, place: str) -> Explanation:
        """Return the rows and sources behind a figure.

        Raises
        ------
        UsageError
            If there is no such figure; the nearest is named.
        """
        kind, *parts = place.strip("/").split("/")
        if kind in self.told:
            figure, steps = self._ask(place, kind)
        elif kind in RESULTS:
            figure, steps = self._compute(place, kind, parts)
        elif kind in FIGURES:
            steps = self._find(place)
            figure = steps[0].figure
        else:
            raise UsageError("figure_kind", kind=kind, known=", ".join([*FIGURES, *RESULTS]))
        cited = dict.fromkeys(source for one in (figure, *(step.figure for step in steps)) for source in one.sources)
        rest = sum(step.weight or 0.0 for step in steps[SHOWN:])
        shown = tuple(steps[:SHOWN])
        sources = tuple(self.sources[source] for source in cited)
        return Explanation(place, figure, shown, rest, sources, len(steps) - len(shown))

    def _ask(self, place: str, kind: str) -> tuple[Figure, list[Step]]:
        try:
            return self.told[kind].find(place)
        except (LookupError, ValueError):
            raise UsageError("figure_unknown", place=place, guess=RESULTS[kind].form) from None

    def _compute(self, place: str, kind: str, parts: list[str]) -> tuple[Figure, list[Step]]:
        if self.findings is None:
            raise UsageError("figure_unknown", place=place, guess=RESULTS[kind].form)
        try:
            found = RESULTS[kind].find(self.findings, *parts)
        except (LookupError, TypeError, ValueError):
            raise UsageError("figure_unknown", place=place, guess=RESULTS[kind].form) from None
        steps = [replace(self._find(part)[0], weight=weight) for part, weight in found.parts]
        cited = dict.fromkeys((*found.figure.sources, *(source for step in steps for source in step.figure.sources)))
        return replace(found.figure, sources=tuple(cited)), steps

    def _find(self, place: str) -> list[Step]:
        """Return the row at a place, or the rows whose place begins so."""
        wanted = place.strip("/")
        if wanted in self.rows:
            return [self.rows[wanted]]
        found = [step for key, step in self.rows.items() if key.startswith(f"{wanted}/")]
        if "/" in wanted and found:
            return found
        depth = max(wanted.count("/"), 1)
        keys = dict.fromkeys("/".join(key.split("/")[: depth + 1]) for key in self.rows)
        near = get_close_matches(wanted, list(keys), n=1, cutoff=0.5)
        raise UsageError("figure_unknown", place=place, guess=near[0] if near else f"{wanted.split('/', 1)[0]}/...")


def is_row(place: str) -> bool:
    """Tell whether a place is that of a row of the data, not of a result."""
    return place.split("/", 1)[0] in FIGURES


def gather_evidence(chain: Chain, findings: Findings | None = None) -> Evidence:
    """Return the rows of a chain by place, beside the findings on it and the figures of their saved runs.

    Example
    -------
    >>> from pondasi import load_chain
    >>> found = gather_evidence(load_chain()).explain("shares/litho_euv/NLD/control")
    >>> found.figure.value, found.figure.grade
    (1.0, 'exact')
    """
    rows: dict[str, Step] = {}
    for table in FIGURES:
        columns = load_dictionary().tables[table]
        for row in list_rows(chain.tables[table]):
            if row.get("firm") is None:
                step = _make_step(table, row, columns[FIGURES[table][0]].unit or "")
                rows[step.place] = step
    told, sources = _read_runs(findings.runs if findings is not None else {}, rows, chain)
    return Evidence(rows, {**sources, **index_rows(chain.sources, "source")}, findings, told)


def _read_runs(
    runs: Mapping[str, SavedRun], rows: Mapping[str, Step], chain: Chain
) -> tuple[dict[str, Tells], dict[str, dict[str, Any]]]:
    """Return what tells the figures of the runs, by kind, and the sources that they cite beside those of the chain."""
    told: dict[str, Tells] = {}
    sources: dict[str, dict[str, Any]] = {}
    if "stress" in runs:
        from pondasi.report.stress_figures import KINDS, StressRun
        from pondasi.stress.shock_library import load_shock_sources

        told |= dict.fromkeys(KINDS, StressRun(runs["stress"]))
        sources |= index_rows(load_shock_sources(), "source")
    if "plan" in runs:
        from pondasi.report.plan_figures import KINDS as PLAN_KINDS
        from pondasi.report.plan_figures import PlanFigures
        from pondasi.report.plan_run import PlanRun

        plan = PlanRun(runs["plan"])
        told |= dict.fromkeys(PLAN_KINDS, PlanFigures(plan))
        sources |= {} if plan.is_impossible else index_rows(plan.tables["sources"], "source")
    for read in (_read_stress_questions, _read_plan_questions):
        more, cited = read(runs, rows, chain)
        told, sources = told | more, {**cited, **sources}
    return told, sources


def _read_stress_questions(
    runs: Mapping[str, SavedRun], rows: Mapping[str, Step], _chain: Chain
) -> tuple[dict[str, Tells], dict[str, dict[str, Any]]]:
    """Return what tells which figures decide, what a year may bring, and what hangs on each supplier."""
    told: dict[str, Tells] = {}
    sources: dict[str, dict[str, Any]] = {}
    if "sensitivity" in runs:
        from pondasi.report.sensitivity_figures import KINDS, SensitivityRun
        from pondasi.stress.shock_library import load_shock_sources

        told |= dict.fromkeys(KINDS, SensitivityRun(runs["sensitivity"]))
        sources |= index_rows(load_shock_sources(), "source")
    if "sample" in runs:
        from pondasi.report.sample_figures import KINDS as SAMPLE_KINDS
        from pondasi.report.sample_figures import SampleRun

        told |= dict.fromkeys(SAMPLE_KINDS, SampleRun(runs["sample"]))
    if "critical" in runs:
        from pondasi.report.critical_figures import KINDS as CRITICAL_KINDS
        from pondasi.report.critical_figures import CriticalRun

        told |= dict.fromkeys(CRITICAL_KINDS, CriticalRun(runs["critical"], rows))
    return told, sources


def _read_plan_questions(
    runs: Mapping[str, SavedRun], _rows: Mapping[str, Step], chain: Chain
) -> tuple[dict[str, Tells], dict[str, dict[str, Any]]]:
    """Return what tells what was asked of a plan beyond the plan itself."""
    asked = [name for name in PLAN_QUESTIONS if name in runs]
    if not asked:
        return {}, {}
    from pondasi.report.assumption_figures import KIND, AssumptionRun
    from pondasi.report.case_rows import read_case_rows
    from pondasi.report.plan_questions import KINDS, PlanQuestions

    options = runs[asked[0]].manifest["options"]
    case = read_case_rows(str(options.get("case") or options["home"]), chain)
    told: dict[str, Tells] = {}
    for name in asked:
        teller = AssumptionRun if name == KIND else PlanQuestions
        told |= dict.fromkeys(KINDS[name], teller(runs[name], case))
    return told, dict(case.sources)


def _make_step(table: str, row: dict[str, Any], unit: str) -> Step:
    value, low, high = FIGURES[table]
    year = row.get("market_year", row.get("year"))
    grade = weakest("unknown" if row[value] is None else row["grade"])
    sources = tuple(row["source"].split("|")) if row["source"] else ()
    figure = Figure(row[value], row.get("unit") or unit, row[low], row[high], year, grade, sources)
    return Step(name_row(table, row), figure, row["note"] or "")
