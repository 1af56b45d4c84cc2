"""A plan as tables and as sentences: what starts, money by purse, people by skill, output by node, gates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pondasi.currency import Money, in_millions
from pondasi.places import name_place_in_text
from pondasi.plan.build_year import MILLION, find_capacity
from pondasi.plan.futures import grow_tree, name_nodes
from pondasi.plan.problem import ALONE
from pondasi.plan.targets import reach_of_targets
from pondasi.tables.rows import index_rows
from pondasi.words import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Hashable

    from pondasi.plan.solve import PartnerGain, Plan
    from pondasi.words import Words

NAMES = tuple(f"name_{language}" for language in LANGUAGES)
SOON = 3
"""Years within which a start counts as one of the first, and over which money is told."""
WIDE = 2.0
"""A bound this many times the value, or more, does not yet say how good a plan may be."""


def is_wide(value: float, most: float, *, finished: bool) -> bool:
    """Tell whether time ended a search before it reached a bound that says how good a plan may be.

    Parameters
    ----------
    value, most
        What the plan is worth, and what no plan can exceed [million USD].
    finished
        Whether the search ended by itself.

    Example
    -------
    >>> is_wide(100.0, 5e6, finished=False), is_wide(100.0, 150.0, finished=False), is_wide(0.0, 5e6, finished=True)
    (True, False, False)
    """
    return not finished and 0 <= WIDE * value < most


def tabulate_starts(plan: Plan) -> pd.DataFrame:
    """Return what is started: index ``year, future, step``; ``partner`` (missing if alone), ``modules``, ``probability``."""
    problem, tree = plan.problem, plan.problem.tree
    rows = [
        {
            "year": int(tree.year[node]),
            "future": tree.names[node],
            "step": problem.labels.steps[problem.options.step[option]],
            "partner": None
            if problem.options.partner[option] == ALONE
            else problem.labels.partners[problem.options.partner[option]],
            "modules": modules,
            "probability": float(tree.probability[node]),
        }
        for option, node, modules in plan.starts
    ]
    columns = ["year", "future", "step", "partner", "modules", "probability"]
    return pd.DataFrame(rows, columns=columns).set_index(["year", "future", "step"])


def tabulate_money(plan: Plan) -> pd.DataFrame:
    """Return money by purse and year: index ``year, purse``; ``paid`` and ``budget``, means over the futures [million USD]."""
    problem, answer = plan.problem, plan.answer
    spent = answer.layout.read(answer.x, "spent") * problem.options.cost_factor
    paid = problem.options.purse_share.T @ spent
    shift = answer.layout.read(answer.x, "shift")
    if len(shift):
        paid -= shift
        paid[problem.limits.borrower] += shift.sum(axis=0)
    return _by_year(plan, problem.labels.purses, "purse", {"paid": paid, "budget": problem.limits.budget})


def tabulate_people(plan: Plan) -> pd.DataFrame:
    """Return people by skill and year: index ``year, skill``; ``needed`` and ``there``, means over the futures [persons]."""
    problem, answer = plan.problem, plan.answer
    running, building = (answer.layout.read(answer.x, block) for block in ("running", "building"))
    needed = problem.options.people.T @ running + problem.options.people_building.T @ building
    stock = answer.layout.read(answer.x, "stock")
    return _by_year(plan, problem.labels.skills, "skill", {"needed": needed, "there": stock})


def tabulate_output(plan: Plan) -> pd.DataFrame:
    """Return new capacity by node and year: index ``year, node``.

    ``standing`` is what has been built, ``working`` what may be expected to work of it, means over the futures [million USD
    of output a year].
    """
    problem, made = plan.problem, find_capacity(plan.case)
    running = plan.answer.layout.read(plan.answer.x, "running")
    nodes = tuple(dict.fromkeys(node for node, _ in made.values()))
    standing, working = (np.zeros((len(nodes), len(problem.tree))) for _ in range(2))
    for o, j in enumerate(problem.options.step):
        step = problem.labels.steps[j]
        if step in made:
            node, value = made[step]
            built = running[o] * value / 1e6
            standing[nodes.index(node)] += built
            working[nodes.index(node)] += built * problem.options.success[o] * problem.options.output_factor[o]
    return _by_year(plan, nodes, "node", {"standing": standing, "working": working})


def tabulate_targets(plan: Plan) -> pd.DataFrame:
    """Return the targets of a plan: index ``target``.

    ``asked`` by the case, ``level`` that the plan was asked for (less where no plan reaches it), what it ``reached`` and what the plan ``without`` targets reaches, all in
    ``unit`` by the end of ``year``; in the least of the futures or in their mean, as ``futures`` says.
    """
    columns = ["target", "pillar", *NAMES, "measure", "unit", "year", "futures", "asked", "level", "reached", "without"]
    columns += ["grade", "sources"]
    if plan.free is None:
        return pd.DataFrame(columns=columns).set_index("target")
    problem, targets = plan.problem, plan.problem.targets
    rows = index_rows(plan.case.tables["targets"], "target")
    reached = reach_of_targets(problem, plan.answer.layout, plan.answer.x)
    without = reach_of_targets(problem, plan.free.answer.layout, plan.free.answer.x)
    found = []
    for i, name in enumerate(problem.labels.targets):
        row = rows[name]
        unit = MILLION if row["measure"] == "output" else 1.0
        figures = (targets.asked, targets.level, reached, without)
        values = dict(
            zip(("asked", "level", "reached", "without"), (float(part[i]) * unit for part in figures), strict=True)
        )
        told = {key: row[key] for key in ("pillar", *NAMES, "measure", "unit", "futures", "grade")}
        found.append({"target": name, **told, "year": int(row["year"]), **values, "sources": row["source"] or ""})
    return pd.DataFrame(found, columns=columns).set_index("target")


def tabulate_plan(plan: Plan) -> dict[str, pd.DataFrame]:
    """Return all tables of a plan, by name, with plain columns."""
    tables = {
        "starts": tabulate_starts(plan),
        "money": tabulate_money(plan),
        "people": tabulate_people(plan),
        "output": tabulate_output(plan),
    }
    if plan.free is not None:
        low, high = plan.cost_of_targets
        tables["targets"] = tabulate_targets(plan)
        row = {"low": low, "high": high, "value": plan.free.value, "most": plan.free.most}
        tables["targets_cost"] = pd.DataFrame([row | {"finished": plan.free.answer.finished}])
    measures = pd.DataFrame(
        {"value": [plan.value], "most": [plan.most], "reference": [plan.reference], "cost": [plan.answer.cost]}
    )
    plain = {name: table if name == "targets_cost" else table.reset_index() for name, table in tables.items()}
    return {**plain, "measures": measures}


def tell_plan(plan: Plan, words: Words, places: str = "plain", *, later: bool = True) -> list[str]:
    """Return a plan as sentences: its worth, what starts, money, people, and what it rests on.

    ``later`` tells whether what starts in some futures only is listed as well; `pondasi.plan.gates.tell_gates` says the
    same by gates.
    """
    problem = plan.problem
    steps = index_rows(plan.case.tables["steps"], "step")
    futures = name_nodes(plan.case, grow_tree(plan.case), words.language)
    root = problem.tree.names[0]
    wide = is_wide(plan.value, plan.most, finished=plan.answer.finished)
    worth = {"value": in_millions(plan.value), "most": in_millions(plan.most)}
    if plan.free is not None and plan.value < 0 and not wide:
        told = [words.say("plan.value_cost", loss=in_millions(-plan.value), least=in_millions(-plan.most))]
    else:
        told = [words.say("plan.value_unbounded" if wide else "plan.value", **worth)]
    told += _tell_reference(plan, words)
    if not plan.answer.finished:
        key = "plan.unfinished_unbounded" if wide else "plan.unfinished"
        told.append(words.say(key, short=in_millions(plan.most - plan.value)))
    starts = tabulate_starts(plan).reset_index()
    if starts.empty:
        told.append(words.say("plan.nothing"))
    for row in starts.to_dict("records"):
        fields = {
            "year": str(row["year"]),
            "step": steps[row["step"]][f"name_{words.language}"],
            "size": _tell_size(plan, row, words),
        }
        if isinstance(row["partner"], str):
            fields["partner"] = name_place_in_text(row["partner"], words.language, places)
        if row["future"] == root:
            key = "plan.start.partner" if "partner" in fields else "plan.start.alone"
        elif not later:
            continue
        else:
            fields["future"] = futures[row["future"]]
            key = "plan.start_if.partner" if "partner" in fields else "plan.start_if.alone"
        told.append(words.say(key, **fields))
    told += [] if starts.empty else [words.say("plan.sizes")]
    told += _tell_nothing_new(plan, words)
    told += _tell_money(plan, words)
    years = problem.tree.years
    told.append(
        words.say(
            "plan.basis",
            futures=len(problem.tree.leaves),
            first=str(years[0]),
            last=str(years[-1]),
            scenarios=len(problem.operations.weight),
        )
    )
    notes = {
        "plan.note.scenarios": lambda: words.say("plan.note.scenarios"),
        "plan.note.waiting": lambda: words.say("plan.note.waiting"),
        "plan.note.knowledge": lambda: words.say("plan.note.knowledge"),
        "plan.note.leads": lambda: words.say("plan.note.leads"),
        "plan.note.hurried": lambda: words.say("plan.note.hurried"),
    }
    return told + [notes[note]() for note in plan.notes]


def tell_partner(gain: PartnerGain, words: Words, places: str = "plain", *, bounded: bool = True) -> str:
    """Return what a partner brings, as a sentence; ``bounded`` tells whether the search with it reached a bound."""
    partner = name_place_in_text(gain.partner, words.language, places)
    key = "plan.partner" if bounded else "plan.partner_unbounded"
    return words.say(key, partner=partner, low=in_millions(gain.low), high=in_millions(gain.high))


def _tell_reference(plan: Plan, words: Words) -> list[str]:
    """Say what is done in any case, where that is anything."""
    if plan.alone is None:
        return []
    table = index_rows(plan.case.tables["steps"], "step")
    names = [table[step][f"name_{words.language}"] for step in plan.problem.labels.steps]
    fields = {"steps": words.say("list.joint").join(names[j] for j in np.flatnonzero(plan.problem.menu.must))}
    if not plan.alone.added:
        return [words.say("plan.committed", **fields)]
    return [
        words.say(
            "plan.committed_added", **fields, added=words.say("list.joint").join(names[j] for j in plan.alone.added)
        )
    ]


def _tell_nothing_new(plan: Plan, words: Words) -> list[str]:
    """Say it where the first years begin nothing but what is committed, and how to see what comes first for other aims."""
    last, step = int(plan.problem.tree.years[0]) + SOON - 1, plan.problem.options.step
    begun = {int(step[o]) for o, node, _ in plan.starts if plan.problem.tree.year[node] <= last}
    if not plan.starts or begun - set(np.flatnonzero(plan.problem.menu.must).tolist()):
        return []
    return [words.say("plan.nothing_new", last=str(last))]


def _tell_size(plan: Plan, start: dict[Hashable, Any], words: Words) -> str:
    """Return how large a start is: its modules, and what these cost to build with that partner, if they cost anything."""
    partner = start["partner"] if isinstance(start["partner"], str) else plan.case.country
    costs = index_rows(plan.case.tables["step_costs"], "step", "kind")
    modules, capital = float(start["modules"]), costs.get((start["step"], "capex"))
    shown = round(modules, 1) or float(f"{modules:.3g}")
    if capital is None:
        return words.say("plan.size", n=shown)
    factor = float(plan.case.options.loc[(start["step"], partner), "cost_factor"])
    return words.say("plan.size_built", n=shown, capital=Money(modules * float(capital["value"]) * factor))


def _tell_money(plan: Plan, words: Words) -> list[str]:
    paid_rows = tabulate_money(plan).reset_index()
    money = paid_rows.pivot_table(index="year", columns="purse", values="paid", aggfunc="sum")
    soon = money.iloc[:SOON]
    if not float(soon.to_numpy().sum()):
        return []
    partners = [purse for purse in money.columns if purse in plan.problem.labels.partners]
    kinds = {row["funder"]: row["kind"] for row in index_rows(plan.case.tables["funders"], "funder").values()}
    paid = {
        kind: sum(float(soon[p].sum()) for p in money.columns if kinds.get(p) == kind) for kind in ("state", "private")
    }
    return [
        words.say(
            "plan.money",
            first=str(soon.index[0]),
            last=str(soon.index[-1]),
            state=in_millions(paid["state"]),
            private=in_millions(paid["private"]),
            partners=in_millions(float(soon[partners].to_numpy().sum())),
        )
    ]


def _by_year(plan: Plan, names: tuple[str, ...], level: str, values: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return arrays of shape (names, N) as means over the futures of each year."""
    tree = plan.problem.tree
    years = tree.years
    weight = (tree.year == years[:, None]) * tree.probability
    weight /= weight.sum(axis=1, keepdims=True)
    index = pd.MultiIndex.from_product([years.tolist(), names], names=["year", level])
    return pd.DataFrame({name: (weight @ table.T).ravel() for name, table in values.items()}, index=index)
