"""A slot is filled by the latest run that matches, names the command where none does, and keeps still until a verb exists."""

import dataclasses
import datetime as dt

import pandas as pd
import pytest

from pondasi import Words
from pondasi.cli.app import make_group
from pondasi.report.blocks import Section, Statement
from pondasi.report.brief import compose_brief, render_brief
from pondasi.report.sections import SECTIONS, SLOTS
from pondasi.report.slots import Slot, Task, compute_missing, match_runs
from pondasi.workspace import Manifest, Workspace

LANGUAGES = ("en", "id", "ja")
DATA = {"id": "world", "version": "1", "hash": "abc"}


def write(context, run):
    worst = run.table("loss")["loss"].max()
    statement = Statement(f"The worst loss is {worst}.", "stress", "assumed")
    return Section(run.manifest["verb"], context.home, statement.text, statements=(statement,))


OPEN = Slot("stress", write=write)
ORDER = (OPEN, Slot("plan"))


def manifest(verb="stress", *, day=1, data=DATA, **options):
    started = dt.datetime(2026, 1, day, tzinfo=dt.UTC)
    return Manifest(verb, {"home": "IDN", **options}, data, 0, started)


def save(workspace, *, loss=0.5, **more):
    return workspace.save_run(manifest(**more), {"loss": pd.DataFrame({"loss": [loss]})})


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


def test_the_latest_matching_run_is_taken(workspace):
    save(workspace, day=2, n=100)
    latest = save(workspace, day=3, n=200)
    save(workspace, day=1, n=300)
    found = match_runs([OPEN], workspace, manifest("brief"))
    assert found["stress"].path == latest
    assert found["stress"].table("loss")["loss"].tolist() == [0.5]


@pytest.mark.parametrize("other", [{"verb": "plan"}, {"data": {**DATA, "hash": "def"}}, {"home": "VNM"}])
def test_a_run_on_other_data_or_another_country_is_not_taken(workspace, other):
    save(workspace, **other)
    assert match_runs([OPEN], workspace, manifest("brief")) == {}


def test_a_plan_on_another_case_is_not_taken(workspace):
    mine, other = ({"country": "IDN", "version": "1", "hash": code} for code in ("abc", "def"))
    slot = Slot("plan", write=write, of_case=True)
    asked = dataclasses.replace(manifest("brief"), case=mine)
    for day, case in enumerate((other, {}), start=1):
        run = dataclasses.replace(manifest("plan", day=day), case=case)
        workspace.save_run(run, {"loss": pd.DataFrame({"loss": [0.5]})})
    assert match_runs([slot], workspace, asked) == {}
    assert match_runs([Slot("plan", write=write)], workspace, asked), "what rests on no case is not asked for one"
    fits = workspace.save_run(dataclasses.replace(manifest("plan", day=3), case=mine), {})
    assert match_runs([slot], workspace, asked)["plan"].path == fits


def test_the_command_of_a_plan_names_the_case_of_ones_own():
    slot = Slot("plan", asks="--quick", of_case=True)
    assert slot.write_command("IDN") == "pondasi plan IDN --quick"
    assert slot.write_command("IDN", "/my case.xlsx") == "pondasi plan IDN --quick --case '/my case.xlsx'"
    assert Slot("stress").write_command("IDN", "/my case.xlsx") == "pondasi stress IDN"


def test_a_run_without_its_manifest_is_not_whole(workspace):
    (save(workspace) / "manifest.json").unlink()
    assert match_runs([OPEN], workspace, manifest("brief")) == {}


def test_a_closed_slot_takes_no_run(workspace):
    save(workspace)
    assert match_runs([Slot("stress")], workspace, manifest("brief")) == {}


def test_only_what_no_run_gives_is_computed(findings, workspace):
    saved = match_runs([OPEN], workspace, manifest("brief"))
    asked = []

    def compute(task):
        asked.append((task.depth, task.seed))
        save(task.workspace, loss=0.25)
        return task.workspace.find_run("stress", DATA, {"home": "IDN"})

    slot = dataclasses.replace(OPEN, compute=compute)
    task = Task(None, findings, workspace, "quick", 7)
    runs = compute_missing([slot, Slot("plan")], saved, task)
    assert runs["stress"].table("loss")["loss"].tolist() == [0.25]
    assert compute_missing([slot], runs, task) == runs
    assert asked == [("quick", 7)]
    deeper = dataclasses.replace(slot, enough=lambda _run, depth: depth == "quick")
    assert compute_missing([deeper], runs, task) == runs
    compute_missing([deeper], runs, dataclasses.replace(task, depth="full"))
    assert asked == [("quick", 7), ("full", 7)]


def test_a_run_that_lacks_a_table_is_not_taken(workspace):
    older = save(workspace, day=1)
    later = save(workspace, day=2)
    (later / "tables" / "loss.parquet").rename(later / "tables" / "other.parquet")
    whole = dataclasses.replace(OPEN, tables=("loss",))
    assert match_runs([whole], workspace, manifest("brief"))["stress"].path == older


def test_runs_of_one_verb_fill_slots_by_their_names_and_see_those_before(findings, workspace):
    seen = []

    def compute(task):
        seen.append(sorted(task.runs))
        return None if "second" in task.runs else task.workspace.find_run("stress", DATA, {"home": "IDN"})

    save(workspace)
    slots = [dataclasses.replace(OPEN, name=name, compute=compute) for name in ("first", "second", "third")]
    slots.append(dataclasses.replace(OPEN, name="later", compute=compute, depths=("full",)))
    runs = compute_missing(slots, {}, Task(None, findings, workspace, "quick", 7))
    assert seen == [[], ["first"], ["first", "second"]]
    assert sorted(runs) == ["first", "second"]


def test_a_run_with_the_option_that_is_preferred_comes_before_a_later_one(workspace):
    liking = dataclasses.replace(OPEN, prefer=("with",))
    with_partner = save(workspace, day=1, **{"with": "JPN"})
    alone = save(workspace, day=2)
    asked = {"with": "JPN"}
    assert match_runs([liking], workspace, manifest("brief", **asked))["stress"].path == with_partner
    assert match_runs([OPEN], workspace, manifest("brief", **asked))["stress"].path == alone
    # Where no run has it, the latest one fills the section all the same.
    assert match_runs([liking], workspace, manifest("brief", **{"with": "KOR"}))["stress"].path == alone
    assert match_runs([liking], workspace, manifest("explain"))["stress"].path == alone


def test_a_run_without_the_preferred_option_is_made_anew_if_asked_for(findings, workspace):
    made = []
    slot = dataclasses.replace(OPEN, compute=lambda task: made.append(task.options["with"]), prefer=("with",))
    save(workspace)
    task = Task(None, findings, workspace, "quick", 7)
    compute_missing([slot], match_runs([slot], workspace, manifest("brief", **{"with": "JPN"})), task)
    save(workspace, day=3, **{"with": "JPN"})
    compute_missing([slot], match_runs([slot], workspace, manifest("brief", **{"with": "JPN"})), task)
    assert made == ["JPN"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_no_verb_can_make_for_a_country_is_not_promised(findings, workspace, language):
    slot = Slot("plan", write=write, compute=lambda _task: 1 / 0, offered=lambda home: home != "IDN")
    assert compute_missing([slot], {}, Task(None, findings, workspace, "quick", 7)) == {}
    (section,) = compose_brief(findings, Words(language), order=(slot,)).sections
    assert "pondasi plan IDN" not in section.answer
    assert "pondasi template" in section.answer


def test_a_filled_slot_is_a_section_with_its_statements(findings, workspace):
    save(workspace, loss=0.75)
    runs = match_runs([OPEN], workspace, manifest("brief"))
    brief = compose_brief(findings, Words("en"), runs=runs, order=ORDER)
    assert [section.id for section in brief.sections] == ["stress"]
    assert "The worst loss is 0.75." in render_brief(brief, Words("en"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_open_slot_without_a_run_says_which_command_makes_it(findings, language):
    (section,) = compose_brief(findings, Words(language), order=ORDER).sections
    assert "pondasi stress IDN" in section.answer
    assert not section.statements


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_closed_slot_is_not_promised_but_counted_as_missing(findings, language):
    words = Words(language)
    last = SECTIONS[-1]
    closed = compose_brief(findings, words, order=(Slot("stress"), last)).sections
    opened = compose_brief(findings, words, order=(OPEN, last)).sections
    missing = words.say("brief.unknown.missing.disruptions")
    assert [missing in sections[-1].points for sections in (closed, opened)] == [True, False]
    assert [section.id for section in closed] == ["unknown"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("verb", [slot.key for slot in SLOTS if not slot.optional])
def test_every_slot_has_its_texts(findings, language, verb):
    section = compose_brief(findings, Words(language), order=(Slot(verb, write=write),)).sections[0]
    assert section.title
    assert f"pondasi {verb} IDN" in section.answer


def test_no_open_slot_names_a_command_that_does_not_exist():
    verbs = set(make_group(Words("en")).verbs)
    assert {slot.verb for slot in SLOTS if slot.is_open} <= verbs


def test_the_command_offers_to_compute_only_what_a_slot_can():
    command = make_group(Words("en")).get_command(None, "brief")
    offered = any(parameter.name == "compute" for parameter in command.params)
    assert offered == any(slot.compute is not None for slot in SLOTS)
