"""What a plan leaves behind in a run: its tables, and beside them the rows of the case and the sources that they rest on.

A reader of the run needs no file that may have changed since: names stand in every language, and ``inputs`` holds each
figure of the case that the plan's own figures are made of, with its interval, grade and sources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from pondasi.chain.rules import PLAN_FIGURES
from pondasi.facts import grade_of, weakest
from pondasi.plan.futures import grow_tree
from pondasi.plan.gates import tabulate_conditions, tabulate_futures
from pondasi.plan.roadmap import NAMES, SOON, tabulate_plan
from pondasi.plan.tell_targets import tabulate_missed
from pondasi.tables.dictionary import load_dictionary
from pondasi.tables.rows import index_rows, list_rows
from pondasi.words import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pondasi.facts import Grade
    from pondasi.plan.after import BeforeAfter
    from pondasi.plan.solve import PartnerGain, Plan
    from pondasi.plan.values import FreshValue
    from pondasi.stress.shocks import Shock

OF_STEPS = ("step_costs", "step_traits", "step_nodes", "step_needs", "step_training")
"""Tables whose rows are kept for the steps that are started."""
OF_OPTIONS = ("licence", "export_control", "subsidy_rule")
"""What the case says of a step with one partner."""
WHOLE = ("budgets", "talent", "parameters", "partners", "futures")
"""Tables of which every row is kept."""
COMMITTED = "committed"
"""Status of a step that every plan holds."""
FIGURE = {
    "targets": ("value", "low", "high"),
    "futures": ("probability", "low", "high"),
    "partners": ("kept", "kept_low", "kept_high"),
}
"""The figure of a row where it is no ``value``."""
UNITS = {"futures": "fraction", "partners": "fraction", "budgets": "USD/year"}
"""Units of the tables that have no column of them."""


def record_plan(
    plan: Plan, gain: PartnerGain | None = None, fresh: FreshValue | None = None
) -> dict[str, pd.DataFrame]:
    """Return the tables of a run.

    Parameters
    ----------
    plan, gain
        The plan, and with a partner what it brings; then the tables of the plan without it have names ending in
        ``_without``.
    fresh
        What the plan is worth on years that it was not made for.

    Beside those of `tabulate_plan`, where a start also has its ``lead`` (whole years to its first output) and the flags of its option, there are ``readiness`` (criteria before
    money is released, by name) and ``steps`` (what is started anywhere: names, pillar, grade, earliest and latest
    start, chance that it starts at all and that it starts in the first `SOON` years), ``purses``, ``futures``,
    ``conditions``, ``run`` (one row: scenarios, years, whether the search reached its gap, and ``settled``, whether all did; grade), ``inputs``, ``sources``,
    and where they were computed ``fresh``, ``partner`` and ``partner_missed`` (targets out of reach without the partner, and how far each goes then).
    """
    tables = tabulate_plan(plan)
    leads = [int(plan.problem.options.lead[option]) for option, _, _ in plan.starts]
    tables["starts"] = tables["starts"].assign(lead=pd.Series(leads, dtype="int64"))
    tables["starts"] = _flag_starts(plan, tables["starts"])
    tables["readiness"] = plan.case.tables["readiness"][["criterion", *NAMES]]
    tables["steps"] = _tabulate_steps(plan, tables["starts"])
    tables["purses"] = _tabulate_purses(plan)
    tables["futures"], tables["conditions"] = tabulate_futures(plan), tabulate_conditions(plan)
    tables["inputs"] = _tabulate_inputs(plan, set(tables["steps"]["step"]))
    tables["run"] = _tabulate_run(plan, tables["inputs"], tables["starts"])
    searches = [plan] if gain is None else [plan, gain.without]
    tables["run"]["settled"] = all(one.answer.finished for one in searches)
    if fresh is not None:
        row = {"inside": fresh.inside, "mean": fresh.mean, "low": fresh.low, "high": fresh.high}
        tables["fresh"] = pd.DataFrame([{**row, "draws": len(fresh.draws)}])
    if gain is not None:
        tables |= {f"{name}_without": table for name, table in tabulate_plan(gain.without).items()}
        tables["partner"] = pd.DataFrame([{"partner": gain.partner, "low": gain.low, "high": gain.high}])
        if gain.missed:
            tables["partner_missed"] = tabulate_missed(gain, plan)
    tables["sources"] = _tabulate_sources(plan, [*tables["inputs"]["sources"], *tables["steps"]["sources"]])
    return tables


def record_after(after: BeforeAfter, shocks: Sequence[Shock]) -> dict[str, pd.DataFrame]:
    """Return the tables of before and after: ``after`` (one row), ``after_shares``, ``after_sampled`` and ``after_named``."""
    mean, low, high = after.change
    row = {
        "year": after.after.year,
        "scenarios": len(after.sampled),
        "weeks": after.weeks,
        "before": float(after.sampled["before"].mean()),
        "after": float(after.sampled["after"].mean()),
        "change": mean,
        "low": low,
        "high": high,
    }
    names = {shock.id: shock.names for shock in shocks}
    named = after.named.reset_index()
    for language in LANGUAGES:
        named[f"name_{language}"] = [names[shock].get(language, shock) for shock in named["shock"]]
    return {
        "after": pd.DataFrame([row]),
        "after_shares": after.after.shares.reset_index(),
        "after_sampled": after.sampled.reset_index(),
        "after_named": named,
    }


def _flag_starts(plan: Plan, starts: pd.DataFrame) -> pd.DataFrame:
    """Return the starts with what the case says of each with that partner: its licence and its flags."""
    options = index_rows(plan.case.tables["step_partners"], "step", "partner")
    mine = [options[row["step"], row["partner"] or plan.case.country] for row in list_rows(starts)]
    return starts.assign(**{name: [option[name] for option in mine] for name in OF_OPTIONS})


def _tabulate_steps(plan: Plan, starts: pd.DataFrame) -> pd.DataFrame:
    """Return the steps that are started in any future, in the order of their pillars and of time."""
    rows = index_rows(plan.case.tables["steps"], "step")
    grades = _count_grades(plan)
    first = int(plan.problem.tree.years[0])
    found = []
    for step in dict.fromkeys(starts["step"]):
        row, mine = rows[step], starts[starts["step"] == step]
        soon = mine[mine["year"] < first + SOON]
        found.append(
            {
                "step": step,
                **{name: row[name] for name in NAMES},
                "pillar": row["pillar"],
                "first": int(mine["year"].min()),
                "last": int(mine["year"].max()),
                "chance": min(float(mine["probability"].sum()), 1.0),
                "committed": row["status"] == COMMITTED,
                "soon": min(float(soon["probability"].sum()), 1.0),
                "grade": grade_of(grades[step]),
                "sources": row["source"] or "",
                "readiness": row["readiness"] or "",
            }
        )
    columns = [
        "step",
        *NAMES,
        "pillar",
        "first",
        "last",
        "chance",
        "committed",
        "soon",
        "grade",
        "sources",
        "readiness",
    ]
    frame = pd.DataFrame(found, columns=columns)
    order = {code: place for place, code in enumerate(load_dictionary().codes["pillar"])}
    return frame.sort_values(["pillar", "first", "step"], key=lambda c: c.map(order) if c.name == "pillar" else c)


def _count_grades(plan: Plan) -> dict[str, dict[str, float]]:
    """Return how many figures of each grade describe each step."""
    found: dict[str, dict[str, float]] = {}
    for name in OF_STEPS:
        for row in list_rows(plan.case.tables[name]):
            mine = found.setdefault(row["step"], {})
            mine[row["grade"]] = mine.get(row["grade"], 0.0) + 1.0
    return found


def _tabulate_purses(plan: Plan) -> pd.DataFrame:
    """Return who pays: ``purse``, its ``kind``, and for a funder of the country its names; a partner is a country code."""
    funders = index_rows(plan.case.tables["funders"], "funder")
    rows = []
    for purse in plan.problem.labels.purses:
        own = funders.get(purse) if purse not in plan.problem.labels.partners else None
        names = {name: own[name] if own else None for name in NAMES}
        rows.append({"purse": purse, "kind": own["kind"] if own else "partner", **names})
    return pd.DataFrame(rows, columns=["purse", "kind", *NAMES])


def _tabulate_inputs(plan: Plan, steps: set[str]) -> pd.DataFrame:
    """Return the rows of the case behind the plan: ``place``, ``table``, the figure, ``grade``, ``sources``."""
    joined = grow_tree(plan.case).joined
    rows = []
    for table in (*OF_STEPS, *WHOLE, *(("targets",) if plan.free is not None else ())):
        value, low, high = FIGURE.get(table) or _figure(table)
        for row in list_rows(plan.case.tables[table]):
            if table in OF_STEPS and row["step"] not in steps:
                continue
            figure = {"value": row[value], "low": row[low], "high": row[high]}
            unit = row.get("unit") or UNITS.get(table, "")
            about = joined.get(row["future"], "") if table == "futures" else ""
            grade = {"grade": row["grade"], "sources": row["source"] or "", "about": about}
            rows.append(
                {"place": _place(table, row), "table": table, **figure, "unit": unit, "year": row.get("year"), **grade}
            )
    return pd.DataFrame(rows)


def _figure(table: str) -> tuple[str, str, str]:
    return next(names for name, names in PLAN_FIGURES if name == table)


def _place(table: str, row: dict[str, Any]) -> str:
    """Return the place of a row: its table and its key, what is blank left out."""
    keys = [name for name, column in load_dictionary().tables[table].items() if column.key]
    parts = (row[name] for name in keys if row[name] is not None)
    return "/".join([table, *(str(int(part)) if isinstance(part, float) else str(part) for part in parts)])


def _tabulate_run(plan: Plan, inputs: pd.DataFrame, starts: pd.DataFrame) -> pd.DataFrame:
    """Return what the call set, and how firm the whole is: no firmer than its costs by weight, nor its futures."""
    years, weights = plan.problem.tree.years, {"exact": 0.0}
    capital = inputs[inputs["place"].str.match(r"step_costs/.*/capex$")]
    size = starts.assign(size=starts["modules"] * starts["probability"]).groupby("step")["size"].sum()
    for row in list_rows(capital):
        weights[row["grade"]] = weights.get(row["grade"], 0.0) + row["value"] * size[row["place"].split("/")[1]]
    reach = inputs[inputs["table"] == "futures"]["grade"].value_counts().to_dict()
    grade: Grade = weakest(grade_of(weights), grade_of({str(name): float(n) for name, n in reach.items()}))
    row = {
        "home": plan.case.country,
        "first": int(years[0]),
        "last": int(years[-1]),
        "soon": int(years[0]) + SOON - 1,
        "futures": len(plan.problem.tree.leaves),
        "scenarios": len(plan.problem.operations.weight),
        "partners": len(plan.problem.labels.partners),
        "offered": len(set(plan.problem.options.step.tolist())),
        "gap": plan.gap,
        "finished": bool(plan.answer.finished),
        "grade": grade,
        "notes": "|".join(plan.notes),
    }
    return pd.DataFrame([row])


def _tabulate_sources(plan: Plan, cells: list[str]) -> pd.DataFrame:
    """Return the sources that are cited, those of the case before those of the world."""
    cited = dict.fromkeys(source for cell in cells for source in cell.split("|") if source)
    known = pd.concat([plan.case.sources, plan.case.world.chain.sources]).drop_duplicates("source")
    return known[known["source"].isin(list(cited))].reset_index(drop=True)
