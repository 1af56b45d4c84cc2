"""``pondasi brief HOME --with PARTNER``: the answer as a document."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import click

from pondasi.cli.inputs import describe_inputs, open_case, open_world, say_case, say_overlays
from pondasi.cli.options import ROUTES, say_json, take
from pondasi.cli.spoken import SpokenCommand
from pondasi.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from pondasi.chain.records import World
    from pondasi.executor import Executor
    from pondasi.plan.case import Case
    from pondasi.report.brief import Brief
    from pondasi.report.findings import Findings
    from pondasi.report.slots import Depth
    from pondasi.words import Words
    from pondasi.workspace import Manifest, SavedRun, Workspace


def make_command(words: Words) -> click.Command:
    """Return the verb."""
    from pondasi.report.brief import FORMATS
    from pondasi.report.sections import SLOTS
    from pondasi.report.slots import DEPTHS

    def run(
        home: str,
        *,
        partner: str | None,
        out_: Path | None,
        workspace_: Path | None,
        world_: Path | None,
        overlay_: tuple[Path, ...],
        case_: Path | None,
        public_: bool,
        peers: str | None,
        formats: str,
        **options: object,
    ) -> None:
        from pondasi.chain.prior import read_prior
        from pondasi.currency import find_rate
        from pondasi.executor import open_executor
        from pondasi.places import require_country
        from pondasi.report.annex import write_annex
        from pondasi.report.brief import write_brief
        from pondasi.report.content import tell_brief
        from pondasi.report.findings import gather_findings
        from pondasi.report.slots import match_runs
        from pondasi.workspace import Manifest, open_workspace

        home = require_country(home)
        partner = None if partner is None else require_country(partner)
        seed, draws, places = int(str(options["seed_"])), int(str(options["draws_"])), str(options["places_"])
        workspace = open_workspace(workspace_)
        wanted = _read_formats(formats)
        name = "-".join(["brief", home, *([partner] if partner else []), words.language]) + ".html"
        path = _choose_path(out_, workspace.documents, name, wanted)
        world, routes = open_world(world_, overlay_, public=public_), str(options["routes_"])
        case = _open_case(home, case_, world)
        chain, prior = world.chain, read_prior(world) if routes == ROUTES[0] else None
        with open_executor(options["workers_"]) as executor:
            findings = gather_findings(
                chain, home, partner, draws=draws, seed=seed, prior=prior, executor=executor, **_choose_peers(peers)
            )
        inputs = describe_inputs(world_, overlay_, case_)
        findings = replace(findings, case=inputs.get("case", ""))
        chosen = {
            "home": home,
            "with": partner,
            "peers": ",".join(findings.position.peers),
            "language": words.language,
            "places": places,
            "draws": draws,
            "routes": routes,
            **inputs,
        }
        manifest = Manifest(
            "brief",
            chosen,
            chain.origin,
            seed,
            companions=world.companions_hash,
            case={} if case is None else case.origin,
        )
        runs = match_runs(SLOTS, workspace, manifest)
        if options.get("compute"):
            with open_executor(options["workers_"]) as executor:
                runs = _compute_missing(runs, options, world, findings, workspace, inputs, executor)
        brief = write_brief(
            findings,
            words,
            path,
            places=places,
            manifest=_lines(manifest),
            runs=runs,
            rate=find_rate(str(options["currency_"])),
            formats=wanted,
        )
        annex = path.with_suffix(".xlsx")
        write_annex(brief, words, annex)
        written = [path.with_suffix(".pdf") if form == "pdf" else path for form in wanted]
        run_folder = workspace.save_run(manifest, _tables(findings))
        if options["json_"]:
            documents = {**{form: str(file) for form, file in zip(wanted, written, strict=True)}, "xlsx": str(annex)}
            say_json({**tell_brief(brief), "documents": documents, "run": str(run_folder)})
        elif not options["quiet_"]:
            say_overlays(chain, words)
            say_case(case, case_, words)
            for line in _tell_first_page(brief, words):
                click.echo(line)
            click.echo(
                words.say("cli.brief.done", path=words.say("list.joint").join(map(str, written)), annex=str(annex))
            )

    compute = click.Option(["--compute"], type=click.Choice(DEPTHS), help=words.say("cli.option.compute"))
    return SpokenCommand(
        name="brief",
        words=words,
        callback=run,
        params=[
            click.Argument(["home"], metavar="HOME"),
            click.Option(["--with", "partner"], metavar="PARTNER", help=words.say("cli.option.with")),
            click.Option(["--peers"], metavar="A,B", help=words.say("cli.brief.peers")),
            click.Option(
                ["--format", "formats"], default=FORMATS[0], metavar="FORMS", help=words.say("cli.option.format")
            ),
            *([compute] if any(slot.compute is not None for slot in SLOTS) else []),
            *take(words, "language", "places", "currency", "out", "workspace", "world", "overlay", "case", "public"),
            *take(words, "draws", "seed", "routes", "workers", "json", "quiet"),
        ],
        help=words.say("cli.brief.long"),
    )


def _tell_first_page(brief: Brief, words: Words) -> list[str]:
    """Return the lines of the first page: first steps, what hurts most and with whom, then all statements."""
    heads = [
        f"* {words.say(f'brief.headline.{line.kind}')}: {line.text} [{words.say(f'grade.{line.grade}')}]"
        for line in brief.headlines
    ]
    statements = (statement for section in brief.sections for statement in section.statements)
    return [*heads, *(f"- {item.text} [{words.say(f'grade.{item.grade}')}]" for item in statements)]


def _choose_path(out: Path | None, documents: Path, name: str, formats: Sequence[str]) -> Path:
    """Return where the page goes, or would go: the workspace, a folder that the user names, or a file by its name."""
    if out is None:
        return documents / name
    if out.is_dir():
        return out / name
    if out.suffix.lower() == ".pdf" and "pdf" in formats:
        return out.with_suffix(".html")
    if out.suffix.lower() not in {".html", ".htm"}:
        raise UsageError("out_not_html", path=str(out))
    return out


def _read_formats(text: str) -> list[str]:
    """Return the forms that the user names, each once."""
    from pondasi.report.brief import FORMATS

    named = list(dict.fromkeys(item.strip().lower() for item in text.split(",") if item.strip()))
    for name in named or [text]:
        if name not in FORMATS:
            raise UsageError("unknown_format", value=name, known=", ".join(FORMATS))
    return named


def _choose_peers(text: str | None) -> dict[str, Sequence[str]]:
    """Return the countries beside home, as `gather_findings` takes them: those that the user sets, else those of which a case ships."""
    from pondasi.chain.cases import list_cases
    from pondasi.places import require_country

    if text is None:
        return {"more_peers": list_cases()}
    return {"peers": [require_country(code.strip()) for code in text.split(",") if code.strip()]}


def _open_case(home: str, path: Path | None, world: World) -> Case | None:
    """Return the case that plans of the brief rest on: that of the user, else the one that ships, if it has steps."""
    from pondasi.report.compute_plan import has_plan

    return open_case(home, path, world) if path is not None or has_plan(home) else None


def _compute_missing(
    runs: dict[str, SavedRun],
    options: Mapping[str, object],
    world: World,
    findings: Findings,
    workspace: Workspace,
    inputs: Mapping[str, object],
    executor: Executor,
) -> dict[str, SavedRun]:
    """Return the runs with those that the user asks to be computed."""
    from pondasi.report.sections import SLOTS
    from pondasi.report.slots import Task, compute_missing

    depth, seed = cast("Depth", options["compute"]), int(str(options["seed_"]))
    return compute_missing(SLOTS, runs, Task(world, findings, workspace, depth, seed, inputs, executor))


def _lines(manifest: Manifest) -> dict[str, str]:
    """Return the lines of the manifest that a document shows."""
    content = manifest.as_dict()
    marks = content["data"].get("overlays", ())
    case = content.get("case")
    cases = {"case": f"{case['country']} {case['version']} ({case['hash'][:8]})"} if case else {}
    overlays = {"overlays": ", ".join(f"{mark['id']} ({mark['hash'][:8]})" for mark in marks)} if marks else {}
    return {
        "pondasi": content["versions"]["pondasi"],
        "world": f"{content['data']['id']}-{content['data']['version']}",
        "hash": content["data"]["hash"][:16],
        **cases,
        **overlays,
        "seed": str(content["seed"]),
        "draws": str(content["options"]["draws"]),
        "made": content["started"][:10],
        "run": manifest.hash[:8],
    }


def _tables(findings: Findings) -> dict[str, pd.DataFrame]:
    """Return the tables that a run of this verb leaves behind."""
    return {
        "exposure": findings.exposure.by_country.reset_index(),
        "exposure_by_node": findings.exposure.by_node.reset_index(),
        "concentration": findings.concentration.reset_index(),
        "grades": findings.grades.reset_index(),
    }
