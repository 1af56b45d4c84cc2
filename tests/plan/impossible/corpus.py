"""Plans that cannot be, each with its known cause: a limit by (kind, id), or a reason by nature.

Small ones change a few arrays of a random plan; the others change rows of the tables of the cases that ship.
"""

from dataclasses import replace

import numpy as np

from pondasi.plan.build import build_problem
from pondasi.plan.case import load_case
from pondasi.plan.targets import Targets
from tests.plan.random_plans import make_plan


def small(**parts):
    """Return a plan of three steps in six years with plenty of everything, nothing asked for; then with parts changed."""
    problem = make_plan(1, years=6, gates=(3,), steps=3, partners=0, scenarios=2, needs=0.0, sure=True)
    limits, options = problem.limits, problem.options
    nodes, number = len(problem.tree), len(options)
    plenty = problem.change(
        limits={
            "budget": np.full_like(limits.budget, 500.0),
            "loan": np.zeros(nodes),
            "borrower": -1,
            "stock": np.full(1, 500.0),
            "inflow": np.full((1, nodes), 50.0),
            "resource": np.full((1, nodes), 500.0),
        },
        options={
            "open": np.ones((number, nodes), dtype=bool),
            "lead": np.full(number, 1),
            "run": np.tile((np.arange(6) >= 1).astype(float), (number, 1)),
            "cash": np.tile(np.where(np.arange(6) < 1, 20.0, 1.0), (number, 1)),
            "purse_share": np.tile([0.7, 0.3], (number, 1)),
            "people": np.full((number, 1), 10.0),
            "people_building": np.full((number, 1), 4.0),
            "trains": np.zeros((number, 1, 6)),
            "use": np.full((number, 1, 1), 5.0),
            "size_min": np.ones(number),
            "size_max": np.ones(number),
            "gain": np.zeros((number, 1)),
            "distance_max": np.full((number, 1), np.inf),
        },
        menu={"earliest": np.full(3, 2026), "latest": np.full(3, 2030)},
    )
    return plenty.change(**parts)


def must(*steps):
    """Return which of three steps are committed."""
    return np.isin(np.arange(3), steps)


def by(**years):
    """Return the latest years of steps, such as ``by(s0=2027)``."""
    return np.array([years.get(f"s{j}", 2030) for j in range(3)])


def money(state=500.0, private=500.0, nodes=9):
    """Return budgets by purse and node."""
    return np.tile([[state], [private]], (1, nodes))


def target(output, year, weight=(1.0, 0.0, 0.0)):
    """Return what must run by a year."""
    return Targets(np.array([output]), np.array([year]), running=np.array([weight]))


def edit(case, **changes):
    """Return a case, its tables changed: each change takes a table and returns it."""
    tables = {name: change(case.tables[name].copy()) for name, change in changes.items()}
    return replace(case, tables={**case.tables, **tables})


def shipped(country, **changes):
    """Return the problem of a case that ships, its tables changed."""
    return build_problem(edit(load_case(country), **changes), scenarios=3)


def commit(step, year):
    """Return a change that commits a step by a year."""

    def change(steps):
        mine = steps["step"] == step
        assert mine.any(), step
        steps.loc[mine, ["status", "committed_start", "committed_modules"]] = ["committed", year, 1]
        return steps

    return change


def exclude(step, other):
    """Return a change by which two steps exclude each other."""

    def change(steps):
        steps.loc[steps["step"] == step, "excludes"] = other
        return steps

    return change


def both(*changes):
    """Return one change after the other."""

    def change(table):
        for one in changes:
            table = one(table)
        return table

    return change


def scale(factor, column, *values, years=None):
    """Return a change that multiplies ``value`` where a column holds one of the values."""

    def change(table):
        mine = table[column].isin(values)
        if years is not None:
            mine &= table["year"].isin(years)
        assert mine.any(), values
        table.loc[mine, "value"] = table.loc[mine, "value"] * factor
        return table

    return change


def leave_to_partners(step, share):
    """Return a change by which partners pay a share of a step's capital, and private money the rest of it."""

    def change(funding):
        mine = funding["step"] == step
        own, lent = (mine & (funding["funder"] == funder) for funder in ("private", "lender"))
        assert own.sum() == 1 == lent.sum(), step
        funding.loc[own, "share"] = 1 - share
        funding.loc[lent, ["funder", "share"]] = ["partner", share]
        return funding

    return change


def nodes_of(problem):
    return len(problem.tree)


N = nodes_of(small())
NONE = np.zeros((1, N))

CASES = {
    # name: (problem, cause), where a cause is a limit (kind, id) or the word for a reason by nature
    "no state money": (
        lambda: small(menu={"must": must(0)}, limits={"budget": money(state=0.0, nodes=N)}),
        ("budget", "state"),
    ),
    "no private money": (
        lambda: small(menu={"must": must(1)}, limits={"budget": money(private=0.0, nodes=N)}),
        ("budget", "private"),
    ),
    "state money of one year": (
        lambda: small(
            menu={"must": must(0), "latest": by(s0=2026)},
            limits={"budget": np.vstack([np.where(np.arange(N) == 0, 1.0, 500.0), np.full(N, 500.0)])},
        ),
        ("budget", "state"),
    ),
    "loans where budgets are thin": (
        lambda: small(
            menu={"must": must(0), "latest": by(s0=2026)},
            limits={"budget": money(state=6.0, nodes=N), "loan": np.full(N, 7.9), "borrower": 0},
        ),
        ("loan", ""),
    ),
    "no people": (
        lambda: small(menu={"must": must(0)}, limits={"stock": np.zeros(1), "inflow": NONE}),
        ("people", "engineers"),
    ),
    "people for half of it": (
        lambda: small(menu={"must": must(0, 1, 2)}, limits={"stock": np.full(1, 5.0), "inflow": NONE + 2}),
        ("people", "engineers"),
    ),
    "no power": (lambda: small(menu={"must": must(2)}, limits={"resource": NONE}), ("resource", "power")),
    "power for one of two": (
        lambda: small(menu={"must": must(0, 1)}, limits={"resource": NONE + 7}),
        ("resource", "power"),
    ),
    "deadline before the start": (
        lambda: small(menu={"must": must(0), "earliest": np.array([2028, 2026, 2026]), "latest": by(s0=2027)}),
        ("date", "step 0"),
    ),
    "deadline before what it needs": (
        lambda: small(menu={"must": must(0), "before": ((0, 1),), "latest": by(s0=2026)}),
        ("date", "step 0"),
    ),
    "what it needs may start too late": (
        lambda: small(
            menu={
                "must": must(0),
                "before": ((0, 1),),
                "earliest": np.array([2026, 2029, 2026]),
                "latest": by(s0=2028),
            }
        ),
        ("date", "step 1"),
    ),
    "a target that money does not reach": (
        lambda: small(limits={"budget": money(state=0.0, nodes=N)}, targets=target(1.0, 2030)),
        ("target", "0"),
    ),
    "money and people both": (
        lambda: small(
            menu={"must": must(0)},
            limits={"budget": money(state=0.0, nodes=N), "stock": np.zeros(1), "inflow": NONE},
        ),
        ("people", "engineers"),
    ),
    "a commitment too many": (
        lambda: small(menu={"must": must(0, 1)}, limits={"budget": money(state=20.0, private=6.0, nodes=N)}),
        ("commitment", "step 1"),
    ),
    "two that exclude each other": (
        lambda: small(menu={"must": must(0, 1), "excludes": ((0, 1),)}),
        "exclusion",
    ),
    "a prerequisite that is excluded": (
        lambda: small(menu={"must": must(0, 2), "before": ((0, 1),), "excludes": ((1, 2),)}),
        "exclusion",
    ),
    "a circle of two": (lambda: small(menu={"must": must(0), "before": ((0, 1), (1, 0))}), "circle"),
    "a circle of three": (
        lambda: small(menu={"must": must(0), "before": ((0, 1), (2, 0)), "together": ((1, 2),)}),
        "circle",
    ),
    "a target above its steps": (lambda: small(targets=target(5.0, 2030)), "reach"),
    "a target before its steps": (lambda: small(targets=target(1.0, 2026)), "horizon"),
    "lead times longer than the plan": (
        lambda: small(menu={"must": must(0), "before": ((0, 1),)}, options={"lead": np.full(len(small().options), 7)}),
        "horizon",
    ),
    "nobody does it": (
        lambda: small(menu={"must": must(0)}, options={"open": np.tile(small().options.step[:, None] != 0, N)}),
        "closed",
    ),
    "too far from practice": (
        lambda: small(menu={"must": must(0)}, options={"distance_max": np.full((len(small().options), 1), 0.1)}),
        "knowledge",
    ),
    "IDN without state money": (
        lambda: shipped("IDN", budgets=scale(0.0, "funder", "state", "lender")),
        ("budget", "state"),
    ),
    "IDN: design school before its teachers": (
        lambda: shipped("IDN", steps=commit("tal_bootcamp_design", 2026)),
        ("date", "tal_bootcamp_design"),
    ),
    "IDN: two laws that exclude each other": (
        lambda: shipped(
            "IDN",
            steps=both(commit("en_one_stop", 2028), commit("en_ip_law", 2028), exclude("en_one_stop", "en_ip_law")),
        ),
        "exclusion",
    ),
    "MYS: partners pay for a plant": (
        lambda: shipped("MYS", step_funding=leave_to_partners("mat_poly_eg", 0.4)),
        ("budget", "JPN"),
    ),
    "MYS without technicians": (
        lambda: shipped("MYS", steps=commit("be_advanced_packaging", 2030), talent=scale(0.0, "skill", "technicians")),
        ("people", "technicians"),
    ),
}
