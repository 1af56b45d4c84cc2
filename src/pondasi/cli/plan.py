"""``pondasi plan HOME --with PARTNER``: which steps first, when, with whom?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pondasi.cli.bar import Ticker
from pondasi.cli.inputs import describe_inputs, note_rate, open_case, open_world, say_case, say_overlays
from pondasi.cli.options import say_json, take
from pondasi.cli.plan_questions import INTERRUPTED, answer_questions
from pondasi.cli.repairs import SHORT, show_repairs
from pondasi.cli.roadmap import draw_roadmap, title_plan
from pondasi.cli.spoken import SpokenCommand
from pondasi.currency import in_millions
from pondasi.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from pondasi.cli.plan_questions import Answers
    from pondasi.plan.case import Case
    from pondasi.plan.solve import Plan
    from pondasi.plan.work_out import WorkedPlan
    from pondasi.words import Words


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
        reasons: bool,
        alternatives: int | None,
        front: bool,
        assumptions: int | None,
        fresh: int | None,
        stress: bool,
        no_targets: bool,
        resume: bool,
        out_: Path | None,
        workspace_: Path | None,
        world_: Path | None,
        overlay_: tuple[Path, ...],
        case_: Path | None,
        public_: bool,
        seed_: int,
        workers_: int | str,
        places_: str,
        currency_: str,
        json_: bool,
        quiet_: bool,
        **_: object,
    ) -> int:
        from pondasi.currency import find_rate
        from pondasi.executor import open_executor
        from pondasi.places import require_country
        from pondasi.plan.checkpoint import FOLDER
        from pondasi.plan.work_out import work_out_plan
        from pondasi.report.plan_run import PlanRun
        from pondasi.solver import InfeasibleError
        from pondasi.tables.results import check_ending, save_results
        from pondasi.workspace import SavedRun, open_workspace

        home, shown = require_country(home), words.at(find_rate(currency_))
        other = None if partner is None else require_country(partner)
        if other == home:
            raise UsageError("partner_is_home", country=other)
        if fresh == 1:
            raise UsageError("plan_fresh_one")
        check_ending(out_)
        case = open_case(home, case_, open_world(world_, overlay_, public=public_))
        with open_executor(workers_) as executor, Ticker(shown, quiet=quiet_ or json_) as ticker:
            try:
                found = work_out_plan(
                    case,
                    partner=other,
                    quick=quick,
                    scenarios=scenarios,
                    draws=fresh,
                    seconds=seconds,
                    seed=seed_,
                    stress=stress,
                    targets=not no_targets,
                    inputs=describe_inputs(world_, overlay_, case_)
                    | ({"worth": True} if worth else {})
                    | ({"reasons": True} if reasons else {})
                    | ({"alternatives": alternatives} if alternatives else {})
                    | ({"front": True} if front else {})
                    | ({"assumptions": assumptions} if assumptions else {})
                    | ({"resume": True} if resume else {}),
                    checkpoints=open_workspace(workspace_).path / FOLDER,
                    resume=resume,
                    executor=executor,
                    progress=ticker.progress(),
                )
            except InfeasibleError:
                say_case(None if json_ else case, case_, words)
                return show_repairs(case, shown, other, seed_, places_, executor, quick=quick, as_json=json_)
            workspace, tables = open_workspace(workspace_), found.as_tables()
            # Before anything further is asked, which takes its time and may fail or be stopped.
            folder = workspace.save_run(found.manifest, tables)
            answers = answer_questions(
                found,
                shown,
                places_,
                executor,
                lambda answer: workspace.save_run(found.manifest, answer),
                seed=seed_,
                worth=worth,
                reasons=reasons,
                alternatives=alternatives,
                front=front,
                assumptions=assumptions,
            )
        told = [*_tell_all(found, answers.told, shown, places_, resume=resume), *note_rate(case.world, shown)]
        saved = PlanRun(SavedRun(folder, found.manifest.as_dict()))
        if out_ is not None:
            save_results(out_, title_plan(saved, told, _name_nodes(case, words), shown, places_))
        if json_:
            say_json(
                _describe(found, tables)
                | _list_assumptions(answers)
                | {"unanswered": list(answers.missing), "statements": told, "run": str(folder)}
            )
        elif not quiet_:
            say_overlays(case.world.chain, words)
            say_case(case, case_, words)
            for line in (*(f"- {line}" for line in told), *draw_roadmap(saved, words)):
                click.echo(line)
            click.echo(words.say("plan.done", path=str(folder)))
        if answers.stopped:
            return INTERRUPTED
        return SHORT if answers.missing or not found.plan.answer.finished else 0

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
            click.Option(["--reasons"], is_flag=True, help=words.say("cli.option.reasons")),
            click.Option(
                ["--alternatives"], type=click.IntRange(min=1), metavar="N", help=words.say("cli.option.alternatives")
            ),
            click.Option(["--fresh"], type=click.IntRange(min=0), metavar="N", help=words.say("cli.option.fresh")),
            click.Option(["--front"], is_flag=True, help=words.say("cli.option.front")),
            click.Option(
                ["--assumptions"], type=click.IntRange(min=1), metavar="N", help=words.say("cli.option.assumptions")
            ),
            click.Option(["--no-targets"], is_flag=True, help=words.say("cli.option.no_targets")),
            click.Option(["--resume"], is_flag=True, help=words.say("cli.option.resume_plan")),
            click.Option(["--stress"], is_flag=True, help=words.say("cli.option.stress_after")),
            click.Option(
                ["--out", "out_"],
                type=click.Path(path_type=Path),
                metavar="PATH",
                help=words.say("cli.option.plan_out"),
            ),
            *take(words, "language", "places", "currency", "workspace", "world", "overlay", "case", "public"),
            *take(words, "seed", "workers", "json", "quiet"),
        ],
        help=words.say("cli.plan.long"),
    )


def _tell_all(found: WorkedPlan, answers: list[str], words: Words, places: str, *, resume: bool) -> list[str]:
    """Return all sentences on a plan, in reading order; ``answers`` are those on what was asked beyond it."""
    from pondasi.places import name_place_in_text
    from pondasi.plan.gates import tell_gates
    from pondasi.plan.roadmap import is_wide, tell_partner, tell_plan
    from pondasi.plan.tell_flags import tell_flags
    from pondasi.plan.tell_targets import tell_missed, tell_targets
    from pondasi.plan.tell_worth import tell_fresh

    plan, gain = found.plan, found.gain
    told = tell_plan(plan, words, places, later=False)
    told[1:1] = tell_targets(plan, found.ways, words, places)
    told[1:1] = _tell_settled(plan, words)
    told[1:1] = _tell_resumed(plan, words) if resume else []
    told[1:1] = [] if found.fresh is None else [tell_fresh(found.fresh, words)]
    told += [*tell_flags(plan, words), *tell_gates(plan, words, places, listed=True)]
    bounded = not is_wide(plan.value, plan.most, finished=plan.answer.finished)
    if gain is not None:
        partner = name_place_in_text(gain.partner, words.language, places)
        told += [tell_partner(gain, words, places, bounded=bounded), *tell_missed(gain, plan, words, partner)]
    return [*told, *_tell_after(found, words, places), *answers]


def _describe(found: WorkedPlan, tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """Return a plan for another program."""
    plan, gain = found.plan, found.gain
    return {
        "value": plan.value,
        "most": plan.most,
        "finished": plan.answer.finished,
        "fresh": None if "fresh" not in tables else tables["fresh"].to_dict("records")[0],
        "starts": tables["starts"].to_dict("records"),
        "targets": tables["targets"].to_dict("records") if "targets" in tables else [],
        "partner": None if gain is None else {"partner": gain.partner, "low": gain.low, "high": gain.high},
    }


def _name_nodes(case: Case, words: Words) -> dict[str, str]:
    """Return the names of the nodes of the chain."""
    from pondasi.tables.rows import index_rows

    return {node: row[f"name_{words.language}"] for node, row in index_rows(case.world.chain.nodes, "node").items()}


def _list_assumptions(answers: Answers) -> dict[str, list[dict[str, object]]]:
    """Return what moved assumptions do, by table, if that was asked and answered."""
    from pondasi.sensitivity.plan import TABLES
    from pondasi.tables.rows import list_rows

    return {name: list_rows(answers.tables[name]) for name in TABLES if name in answers.tables}


def _tell_settled(plan: Plan, words: Words) -> list[str]:
    """Say so if the search was done among the likely starts while its bound lay further off than its gap."""
    from pondasi.report.plan_run import has_settled

    if not has_settled(plan.value, plan.most, plan.gap, finished=plan.answer.finished):
        return []
    return [words.say("plan.settled", short=in_millions(plan.most - plan.value))]


def _tell_resumed(plan: Plan, words: Words) -> list[str]:
    """Say from what the search went on, or that there was nothing."""
    return [words.say("plan.resumed", cuts=plan.resumed) if plan.resumed else words.say("plan.resumed_none")]


def _tell_after(found: WorkedPlan, words: Words, places: str) -> list[str]:
    """Return what the plan changes in the weekly stress test, and for both sides of the partnership."""
    from pondasi.plan.tell_after import tell_after, tell_check, tell_sides

    told: list[str] = []
    home = found.plan.case.country
    if found.after is not None and found.check is not None:
        names = {shock.id: shock.names.get(words.language, shock.id) for shock in found.shocks}
        told += [*tell_after(found.after, home, names, words, places), tell_check(found.check, words)]
    if found.sides is not None and found.gain is not None:
        year = int(found.plan.problem.tree.years[-1])
        told += tell_sides(found.sides, home, found.gain.partner, year, words, places)
    return told
