"""From a case to a planning problem: tables with labels in, arrays out (plan.40 to plan.46).

What is rounded or left out is listed in ``PlanProblem.notes`` as keys of the word catalogues, and said with every result.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pondasi.errors import UsageError
from pondasi.plan.build_limits import make_limits, make_menu
from pondasi.plan.build_options import (
    list_options,
    make_options,
    name_domains,
    name_purses,
    name_resources,
    name_skills,
)
from pondasi.plan.build_targets import make_targets
from pondasi.plan.build_tree import grow_users, read_effects, spread_years
from pondasi.plan.build_year import build_chain_year, build_scenarios
from pondasi.plan.futures import grow_tree
from pondasi.plan.operations import Point, set_up, sweep_node
from pondasi.plan.problem import Labels, PlanProblem
from pondasi.plan.scenarios import draw_disruptions, thin_disruptions
from pondasi.plan.weekly_years import prepare_engine
from pondasi.plan.year import assemble_year

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from pondasi.executor import Executor
    from pondasi.plan.build_options import Choice
    from pondasi.plan.case import Case
    from pondasi.plan.futures import Tree as Futures
    from pondasi.plan.problem import Tree
    from pondasi.plan.scenarios import Disruptions
    from pondasi.plan.weekly_years import WeeklyEngine
    from pondasi.plan.year import YearChain

OFFERS = 2
"""Partners at most that a step is offered with, beside doing it alone: the ones with the best chance for the money."""
RUNS = 4
"""Years that are run week by week for each that is planned for: what is rare decides much, and must be among them."""
PACE = 3
"""Years from one chance to start to the next, after the last gate: what lies that far is planned in coarser steps."""


def build_problem(
    case: Case,
    *,
    scenarios: int = 100,
    seed: int = 0,
    partners: Iterable[str] | None = None,
    offers: int = OFFERS,
    favour: str | None = None,
    pace: int = PACE,
    full_tree: bool = False,
    runs: int | None = None,
    engine: WeeklyEngine | None = None,
    disruptions: Disruptions | None = None,
    executor: Executor | None = None,
    pairs: Collection[tuple[str, str]] | None = None,
) -> PlanProblem:
    """Return the planning problem of a case.

    Parameters
    ----------
    scenarios, seed
        Operational scenarios of every year, drawn from the hazards of the world (`pondasi.plan.scenarios`); 0 for a calm year alone, where
        disruptions do not matter.
    partners
        Partners that may take part; all of the case by default.
    offers
        Partners at most that a step is offered with. A stated reduction: see `OFFERS`.
    favour
        A partner that every step it can do is offered with, beside the best.
    pace
        Years between chances to start after the last gate. A stated reduction: see `PACE`.
    full_tree
        Whether to plan on all futures instead of the joined ones.
    runs
        Years that are run week by week, for those scenarios to stand for; `RUNS` for each of them by default.
    engine
        The weekly engine of the case's world, where it is at hand (`prepare_engine`): to prepare it takes seconds.
    disruptions
        Years that have been run, instead of drawing and running them here.
    executor
        Where years are run.
    pairs
        Steps and whom they may be done with, by name (the home country for alone), instead of the best partners of each.

    Example
    -------
    >>> from pondasi.plan.case import load_case
    >>> problem = build_problem(load_case("IDN"), scenarios=5)
    >>> len(problem.tree.leaves), len(problem.operations.weight)
    (9, 5)
    """
    site = _lay_out(case, list_options(case, partners, offers, favour, pairs), full_tree=full_tree)
    choice, chain, tree, years = site.choice, site.chain, site.tree, site.tree.years
    parameters = case.tables["parameters"].set_index("parameter")["value"]
    effects = read_effects(case, site.futures, tree.names, choice.partners)
    purses = name_purses(case, choice)
    options = make_options(case, choice, purses, tree, effects, years)
    last = max(site.futures.gates, default=int(years[-1]))
    paced = (tree.year <= last) | ((tree.year - last) % pace == 0)
    options = replace(options, open=options.open & paced)
    if disruptions is None:
        disruptions = _draw(case, site, scenarios, seed, runs, engine, executor)
    scenes = build_scenarios(case, chain, choice.steps, disruptions, seed)
    labels = Labels(
        steps=choice.steps,
        partners=choice.partners,
        purses=purses,
        skills=name_skills(case),
        resources=name_resources(case),
        domains=name_domains(case),
        countries=tuple(chain.countries[c] for c in chain.accesses),
        targets=tuple(case.tables["targets"]["target"]),
    )
    names = {name for name in ("alpha", "lambda", "real_discount_rate") if name not in parameters}
    if names:
        raise UsageError("case_without_plan", place=case.country)
    operations = assemble_year(chain, scenes)
    return PlanProblem(
        tree,
        options,
        make_menu(case, choice.steps, years),
        make_limits(case, choice, purses, labels, tree, effects),
        operations,
        labels,
        discount_rate=float(parameters["real_discount_rate"]),
        risk_weight=float(min(parameters["lambda"], 1.0)),
        risk_tail=float(parameters["alpha"]),
        home=case.country,
        notes=_list_notes(case),
        targets=make_targets(case, choice, labels, tree, chain, operations),
    )


def draw_years(
    case: Case,
    *,
    scenarios: int = 100,
    seed: int = 0,
    offers: int = OFFERS,
    favour: str | None = None,
    executor: Executor | None = None,
) -> Disruptions:
    """Return the years of disruption that `build_problem` plans for, to plan for the same ones where other figures differ."""
    site = _lay_out(case, list_options(case, None, offers, favour))
    return _draw(case, site, scenarios, seed, executor=executor)


@dataclass(frozen=True, eq=False)
class _Site:
    """What is planned on: futures, their years as a tree, what may be chosen, and the chain around the country."""

    futures: Futures
    tree: Tree
    choice: Choice
    chain: YearChain


def _lay_out(case: Case, choice: Choice, *, full_tree: bool = False) -> _Site:
    futures = grow_tree(case, full=full_tree)
    parameters = case.tables["parameters"].set_index("parameter")["value"]
    first = int(parameters["start_year"])
    tree, where = spread_years(futures, np.arange(first, first + int(parameters["horizon_years"])))
    chain = build_chain_year(case, choice.frame, grow_users(case, futures, tree, where))
    return _Site(futures, tree, choice, chain)


def _draw(
    case: Case,
    site: _Site,
    scenarios: int,
    seed: int,
    runs: int | None = None,
    engine: WeeklyEngine | None = None,
    executor: Executor | None = None,
) -> Disruptions:
    """Return years that were run week by week, as few as are planned for."""
    engine = engine or prepare_engine(case.world, case.country, struck=scenarios > 0, executor=executor)
    number = RUNS * scenarios if runs is None else runs
    drawn = draw_disruptions(engine, site.chain.nodes, number, seed, executor=executor)
    return _thin(case, site.chain, site.choice, drawn, max(scenarios, 1), seed)


def _thin(case: Case, chain: YearChain, choice: Choice, drawn: Disruptions, scenarios: int, seed: int) -> Disruptions:
    """Return years that stand for those that were run, by what these cost in the first year without any step."""
    operations = assemble_year(chain, build_scenarios(case, chain, choice.steps, drawn, seed))
    nothing = np.zeros((len(choice.frame), 1))
    setting = set_up(operations, np.zeros(len(nothing), dtype=np.intp), nothing, nothing)
    inputs = np.zeros(len(nothing) + len(chain.accesses))
    return thin_disruptions(drawn, sweep_node(setting, Point(0, inputs, 0.0)).values, scenarios)


def _list_notes(case: Case) -> tuple[str, ...]:
    effects = set(case.tables["branch_effects"]["effect"])
    notes = ["plan.note.scenarios", "plan.note.waiting"]
    if not case.knowledge_known:
        notes.append("plan.note.knowledge")
    if {"licence_lead", "front_end_delay"} & effects:
        notes.append("plan.note.leads")
    return tuple(notes)
