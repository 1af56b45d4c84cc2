"""``pondasi plan HOME --with PARTNER``: which steps first, when, with whom?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pondasi.cli.options import say_json, take
from pondasi.cli.spoken import SpokenCommand
from pondasi.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from pondasi.executor import Executor
    from pondasi.plan.cuts import CutPool
    from pondasi.plan.solve import Plan
    from pondasi.words import Words

SHORT = 1
"""Exit code of a search that ended before its gap: an answer, and less than was asked for."""

FRESH_DRAWS = 5
"""Fresh draws of disruptions that a plan is priced on."""
FULL_SHARE = 0.2
"""Part of the time that the full tree of futures may take."""


def make_command(words: Words) -> click.Command:
    """Return the verb."""

    def run(
        home: str,
        *,
        partner: str | None,
        quick: bool,
        seconds: float | None,
        scenarios: int | None,
        worth: bool,
        workspace_: Path | None,
        seed_: int,
        workers_: int | str,
        places_: str,
        json_: bool,
        quiet_: bool,
        **_: object,
    ) -> int:
        from pondasi.executor import open_executor
        from pondasi.places import require_country
        from pondasi.plan.case import load_case
        from pondasi.plan.cuts import CutPool
        from pondasi.plan.gates import tell_gates
        from pondasi.plan.roadmap import tabulate_plan, tell_partner, tell_plan
        from pondasi.plan.solve import QUICK_SECONDS, SECONDS, solve_plan, weigh_partner
        from pondasi.workspace import Manifest, open_workspace

        home = require_country(home)
        other = None if partner is None else require_country(partner)
        if other == home:
            raise UsageError("partner_is_home", country=other)
        limit = seconds or (QUICK_SECONDS if quick else SECONDS)
        case, pool, gain = load_case(home), CutPool(), None
        with open_executor(workers_) as executor:
            plan = solve_plan(
                case,
                quick=quick,
                scenarios=scenarios,
                seed=seed_,
                seconds=limit,
                favour=other,
                executor=executor,
                pool=pool,
            )
            if other is not None:
                gain = weigh_partner(plan, other, seconds=limit, executor=executor, pool=pool)
            more = _weigh_futures(plan, seed_, limit, executor, pool, words) if worth else ({}, [])
        chain = case.world.chain
        chosen = {"home": home, "with": other, "quick": quick, "scenarios": len(plan.problem.operations.weight)}
        chosen |= {"worth": True} if worth else {}
        manifest = Manifest("plan", chosen, chain.origin, seed_, companions=case.world.companions_hash)
        tables = tabulate_plan(plan)
        if gain is not None:
            without = tabulate_plan(gain.without)
            tables |= {f"{name}_without": table for name, table in without.items()}
        tables |= more[0]
        folder = open_workspace(workspace_).save_run(manifest, tables)
        told = [*tell_plan(plan, words, places_, later=False), *tell_gates(plan, words, places_)]
        told += [] if gain is None else [tell_partner(gain, words, places_)]
        told += more[1]
        if json_:
            say_json(
                {
                    "run": str(folder),
                    "value": plan.value,
                    "most": plan.most,
                    "finished": plan.answer.finished,
                    "starts": tables["starts"].to_dict("records"),
                    "partner": None if gain is None else {"partner": other, "low": gain.low, "high": gain.high},
                    "statements": told,
                }
            )
        elif not quiet_:
            for line in told:
                click.echo(f"- {line}")
            click.echo(words.say("plan.done", path=str(folder)))
        return 0 if plan.answer.finished else SHORT

    return SpokenCommand(
        name="plan",
        words=words,
        callback=run,
        params=[
            click.Argument(["home"], metavar="HOME"),
            click.Option(["--with", "partner"], metavar="PARTNER", help=words.say("cli.option.with_plan")),
            click.Option(["--quick"], is_flag=True, help=words.say("cli.option.quick")),
            click.Option(
                ["--seconds"], type=click.FloatRange(min=1), metavar="N", help=words.say("cli.option.seconds")
            ),
            click.Option(
                ["--scenarios"], type=click.IntRange(min=3), metavar="N", help=words.say("cli.option.scenarios")
            ),
            click.Option(["--worth"], is_flag=True, help=words.say("cli.option.worth")),
            *take(words, "language", "places", "workspace", "seed", "workers", "json", "quiet"),
        ],
        help=words.say("cli.plan.long"),
    )


def _weigh_futures(
    plan: Plan, seed: int, seconds: float, executor: Executor, pool: CutPool, words: Words
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Return tables and sentences of what planning for several futures is worth, and of the plan on other years and futures."""
    import pandas as pd

    from pondasi.plan.all_futures import value_on_all_futures
    from pondasi.plan.tell_worth import tell_all_futures, tell_fresh, tell_worth
    from pondasi.plan.values import value_afresh
    from pondasi.plan.worth import measure_worth

    worth = measure_worth(
        plan.problem,
        plan.answer,
        plan.reference,
        gap=plan.gap,
        seconds=seconds * (1 - FULL_SHARE),
        executor=executor,
        pool=pool,
    )
    fresh = value_afresh(plan, range(seed + 1, seed + 1 + FRESH_DRAWS), executor=executor)
    every = value_on_all_futures(plan, seed=seed, seconds=seconds * FULL_SHARE, executor=executor)
    rows = {
        "inside": (plan.value, plan.most),
        "fresh": (fresh.low, fresh.high),
        "all_futures": (every.low, every.high),
        "kept": (every.kept, every.kept),
    }
    other = pd.DataFrame.from_dict(rows, orient="index", columns=["low", "high"]).rename_axis("measure").reset_index()
    told = [*tell_worth(worth, plan.problem.tree, words), tell_fresh(fresh, words), tell_all_futures(every, words)]
    return worth.as_tables() | {"other_values": other}, told
