"""The tree of a plan as gates: in which year, which futures, how likely, and what the plan starts in each (plan.52).

A *gate* is a year in which one future parts into several. What is started before it holds in all of them; what is
started after it holds in some. Starts that every branch of a gate has are no matter of the gate: they come whatever turns
out, and are said once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from pondasi.places import name_place_in_text
from pondasi.plan.futures import grow_tree, name_nodes
from pondasi.plan.roadmap import tabulate_starts
from pondasi.tables.rows import index_rows, list_rows
from pondasi.words import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pondasi.plan.solve import Plan
    from pondasi.words import Words


@dataclass(frozen=True)
class Start:
    """A step that begins: where in the tree, with whom (None for alone), and how large [modules]."""

    step: str
    partner: str | None
    year: int
    future: str
    modules: float


@dataclass(frozen=True)
class Condition:
    """What has turned out of one variable: some of its branches, by id."""

    variable: str
    branches: tuple[str, ...]


@dataclass(frozen=True)
class Branch:
    """One way in which the world turns out at a gate.

    Parameters
    ----------
    future
        Its id.
    chance
        Probability, given the future before the gate, and ``reach``, seen from today.
    conditions
        What is known then and was not before; a variable of which all branches remain is not among them.
    starts
        What is started there before the next gate, and not in every other branch of the gate.
    """

    future: str
    chance: float
    reach: float
    conditions: tuple[Condition, ...]
    starts: tuple[Start, ...]


@dataclass(frozen=True)
class Gate:
    """A year in which the future ``before`` parts.

    ``shared`` is what is started after it in every branch, before the next gate.
    """

    year: int
    before: str
    branches: tuple[Branch, ...]
    shared: tuple[Start, ...]

    @property
    def is_idle(self) -> bool:
        """Whether no branch starts anything of its own: then nothing hangs on how the world turns out."""
        return not any(branch.starts for branch in self.branches)


@dataclass(frozen=True)
class Gates:
    """The plan as a tree of decisions: ``first`` is what is started in every future, before the first gate."""

    root: str
    first: tuple[Start, ...]
    gates: tuple[Gate, ...]

    @property
    def is_idle(self) -> bool:
        """Whether nothing is started after the first gate, however it turns out."""
        return all(gate.is_idle for gate in self.gates)

    @property
    def years(self) -> list[int]:
        """Years of the gates, each once."""
        return sorted({gate.year for gate in self.gates})


def find_gates(plan: Plan) -> Gates:
    """Return the gates of a plan."""
    return read_gates(tabulate_starts(plan).reset_index(), tabulate_futures(plan), tabulate_conditions(plan))


def tabulate_futures(plan: Plan) -> pd.DataFrame:
    """Return the futures that a plan was made on, parents first.

    Columns ``future``, ``parent`` (missing for the first), ``year`` from which it is known, ``probability`` given the parent,
    ``reach`` (seen from today), ``leaf``, and its name in every language.
    """
    tree = grow_tree(plan.case, full=_is_full(plan))
    named = {f"name_{language}": name_nodes(plan.case, tree, language) for language in LANGUAGES}
    frame = tree.nodes.reset_index().rename(columns={"node": "future"})
    return frame.assign(**{column: frame["future"].map(names) for column, names in named.items()})


def tabulate_conditions(plan: Plan) -> pd.DataFrame:
    """Return what is known of the variables in each future and was not before it.

    Columns ``future``, ``variable``, ``branch``, ``share`` of the branch in the future, and the name of the branch in every
    language. A variable of which no branch is ruled out has no rows.
    """
    tree = grow_tree(plan.case, full=_is_full(plan))
    branches = index_rows(plan.case.tables["branches"], "branch")
    every: dict[str, set[str]] = {}
    for name, row in branches.items():
        every.setdefault(row["variable"], set()).add(name)
    found: dict[tuple[str, str], dict[str, float]] = {}
    for row in list_rows(tree.mix.reset_index()):
        if row["settled"] and row["share"] > 0:
            found.setdefault((row["node"], branches[row["branch"]]["variable"]), {})[row["branch"]] = row["share"]
    parents = tree.nodes["parent"]
    rows = []
    for (future, variable), shares in found.items():
        parent = parents[future]
        above = {} if pd.isna(parent) else found.get((str(parent), variable), {})
        if set(shares) in (every[variable], set(above)):
            continue
        rows += [
            {
                "future": future,
                "variable": variable,
                "branch": branch,
                "share": share,
                **{f"name_{language}": branches[branch][f"name_{language}"] for language in LANGUAGES},
            }
            for branch, share in shares.items()
        ]
    names = [f"name_{language}" for language in LANGUAGES]
    return pd.DataFrame(rows, columns=["future", "variable", "branch", "share", *names])


def read_gates(starts: pd.DataFrame, futures: pd.DataFrame, conditions: pd.DataFrame) -> Gates:
    """Return the gates from the tables of a plan, as a saved run holds them.

    Parameters
    ----------
    starts
        Columns ``year, future, step, partner, modules``.
    futures, conditions
        As `tabulate_futures` and `tabulate_conditions` return them.
    """
    known = list_rows(futures)
    begun: dict[str, list[Start]] = {row["future"]: [] for row in known}
    for row in list_rows(starts):
        start = Start(row["step"], row["partner"], int(row["year"]), row["future"], float(row["modules"]))
        begun[row["future"]].append(start)
    found: dict[str, dict[str, list[str]]] = {}
    for row in list_rows(conditions):
        found.setdefault(row["future"], {}).setdefault(row["variable"], []).append(row["branch"])
    below: dict[str, list[dict[str, object]]] = {}
    for row in known:
        if row["parent"] is not None:
            below.setdefault(row["parent"], []).append(row)
    gates = []
    for before, rows in below.items():
        everywhere = set.intersection(*({_key(start) for start in begun[str(row["future"])]} for row in rows))
        shared = [start for start in begun[str(rows[0]["future"])] if _key(start) in everywhere]
        branches = tuple(
            Branch(
                future=(future := str(row["future"])),
                chance=float(str(row["probability"])),
                reach=float(str(row["reach"])),
                conditions=tuple(Condition(name, tuple(some)) for name, some in found.get(future, {}).items()),
                starts=tuple(start for start in begun[future] if _key(start) not in everywhere),
            )
            for row in rows
        )
        gates.append(Gate(int(str(rows[0]["year"])), before, branches, tuple(shared)))
    root = next(str(row["future"]) for row in known if row["parent"] is None)
    return Gates(root, tuple(begun[root]), tuple(sorted(gates, key=lambda gate: gate.year)))


def tell_gates(plan: Plan, words: Words, places: str = "plain", *, listed: bool = False) -> list[str]:
    """Return the gates as sentences: what starts in any case, and at each gate what the plan does in each future.

    ``listed`` tells that what starts in any case stands above, one by one, and is not to be named again.
    """
    gates = find_gates(plan)
    name = f"name_{words.language}"
    futures = {row["future"]: row[name] for row in list_rows(tabulate_futures(plan))}
    branches = {row["branch"]: begin_small(row[name]) for row in list_rows(tabulate_conditions(plan))}
    steps = {step: row[name] for step, row in index_rows(plan.case.tables["steps"], "step").items()}

    def name_start(start: Start) -> str:
        fields = {"step": steps[start.step], "year": str(start.year)}
        if start.partner is None:
            return words.say("plan.gate.item.alone", **fields)
        partner = name_place_in_text(start.partner, words.language, places)
        return words.say("plan.gate.item.partner", partner=partner, **fields)

    def join(items: Iterable[str]) -> str:
        return join_parts(words, items)

    told = []
    if gates.gates:
        fields = {"year": str(gates.gates[0].year), "steps": join(map(name_start, gates.first))}
        form = "listed" if listed and gates.first else choose_form(gates.first)
        told.append(words.say(f"plan.gate.first.at.{form}", **fields))
    if gates.gates and gates.is_idle:
        return [*told, words.say("plan.gate.idle", years=join_parts(words, map(str, gates.years), "list"))]
    for gate in gates.gates:
        when = "at" if gate.before == gates.root else "after"
        fields = {"year": str(gate.year), "before": futures[gate.before]}
        if gate.shared or gate.is_idle:
            form, begun = choose_form(gate.shared), join(map(name_start, gate.shared))
            told.append(words.say(f"plan.gate.shared.{when}.{form}", **fields, steps=begun))
        for branch in () if gate.is_idle else gate.branches:
            known = [
                join_parts(words, [branches[one] for one in condition.branches], "either")
                for condition in branch.conditions
            ]
            chance = words.say("number.percent", value=round(100 * branch.chance))
            about = words.say(
                "plan.gate.known" if known else "plan.gate.chance",
                known=join_parts(words, known, "known"),
                chance=chance,
            )
            form, begun = choose_form(branch.starts, more=bool(gate.shared)), join(map(name_start, branch.starts))
            fields |= {"future": futures[branch.future], "about": about, "steps": begun}
            told.append(words.say(f"plan.gate.branch.{when}.{form}", **fields))
    return told


def choose_form(starts: tuple[Start, ...], *, more: bool = False) -> str:
    """Return the form of a sentence on what is started: ``start``, or ``none``.

    ``more`` tells that something starts in every branch of the gate: a branch without a start of its own then starts ``no_more``.
    """
    if starts:
        return "start"
    return "no_more" if more else "none"


def join_parts(words: Words, items: Iterable[str], kind: str = "parts") -> str:
    """Return items as a list in words: ``parts`` or ``known`` for all of them, ``either`` for any of them."""
    kept = list(items)
    if len(kept) < 2:  # noqa: PLR2004 - nothing to join
        return "".join(kept)
    first = words.say(f"{kind}.joint").join(kept[:-1])
    return words.say(f"{kind}.{'pair' if len(kept) == 2 else 'last'}", first=first, last=kept[-1])  # noqa: PLR2004


def begin_small(name: str) -> str:
    """Return a name as it stands inside a sentence: 'world demand grows', but 'EUV comes late'."""
    first = name.split(" ", 1)[0]
    return name[0].lower() + name[1:] if first[1:].islower() else name


def _is_full(plan: Plan) -> bool:
    """Tell whether a plan was made on all futures instead of the joined ones."""
    return len(plan.problem.tree.leaves) != len(grow_tree(plan.case).leaves)


def _key(start: Start) -> tuple[str, str | None, int]:
    return start.step, start.partner, start.year
