"""What a plan is asked further: an answer that fails or is stopped takes nothing else along."""

import json

import pandas as pd
import pytest

from pondasi.cli import main, plan_questions
from pondasi.cli.plan_questions import INTERRUPTED, answer_questions
from pondasi.solver import OutOfTimeError
from pondasi.words import LANGUAGES, Words

TABLE = {"reasons": pd.DataFrame({"step": ["one"]})}


def raising(error):
    def ask(*_):
        raise error

    return ask


def ask(monkeypatch, words, *, worth, others):
    monkeypatch.setattr(plan_questions, "_weigh_futures", worth)
    monkeypatch.setattr(plan_questions, "_find_reasons", lambda *_: (TABLE, ["a reason"]))
    monkeypatch.setattr(plan_questions, "_find_others", others)
    monkeypatch.setattr(plan_questions, "_trace_fronts", lambda *_: ({}, ["a front"]))
    saved = []
    answers = answer_questions(
        None, words, "plain", None, saved.append, seed=0, worth=True, reasons=True, alternatives=2, front=True
    )
    return answers, saved


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_that_fails_is_named_and_the_next_is_asked(monkeypatch, language):
    answers, saved = ask(
        monkeypatch, Words(language), worth=raising(OutOfTimeError()), others=lambda *_: ({}, ["other"])
    )
    assert answers.missing == ("--worth",)
    assert not answers.stopped
    assert answers.told[1:] == ["a reason", "other", "a front"]
    assert "--worth" in answers.told[0]
    assert saved == [TABLE, {}, {}]


@pytest.mark.parametrize("language", LANGUAGES)
def test_ctrl_c_keeps_the_answers_before_it_and_asks_nothing_further(monkeypatch, language):
    answers, saved = ask(
        monkeypatch, Words(language), worth=lambda *_: ({}, ["worth"]), others=raising(KeyboardInterrupt())
    )
    assert answers.stopped
    assert answers.missing == ("--alternatives", "--front")
    assert answers.told[:2] == ["worth", "a reason"]
    assert "--alternatives" in answers.told[2]
    assert saved == [{}, TABLE]


def test_assumptions_are_asked_last_and_their_tables_are_handed_on(monkeypatch):
    table = {"assumptions": pd.DataFrame({"group": ["capital"]})}
    monkeypatch.setattr(plan_questions, "_trace_fronts", lambda *_: ({}, ["a front"]))
    monkeypatch.setattr(plan_questions, "_move_assumptions", lambda *_: (table, ["assumptions"]))
    saved = []
    asked = {"worth": False, "reasons": False, "alternatives": None, "front": True, "assumptions": 3}
    answers = answer_questions(None, Words("en"), "plain", None, saved.append, seed=0, **asked)
    assert answers.told == ["a front", "assumptions"]
    assert saved == [{}, table]
    assert answers.tables == table


def test_an_error_of_the_program_itself_is_not_swallowed(monkeypatch):
    with pytest.raises(ZeroDivisionError):
        ask(monkeypatch, Words("en"), worth=raising(ZeroDivisionError()), others=lambda *_: ({}, []))


@pytest.mark.slow
def test_the_plan_is_saved_before_anything_is_asked(monkeypatch, capsys, tmp_path):
    there = []

    def stop(*_):
        there.extend(path.name for path in tmp_path.glob("runs/*/*"))
        raise KeyboardInterrupt

    monkeypatch.setattr(plan_questions, "_find_reasons", lambda *_: (TABLE, ["a reason"]))
    monkeypatch.setattr(plan_questions, "_find_others", stop)
    call = ("plan", "IDN", "--scenarios", "3", "--seconds", "1", "--fresh", "0", "--reasons", "--alternatives", "1")
    code = main([*call, "--no-targets", "--workspace", str(tmp_path), "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert code == INTERRUPTED
    assert "manifest.json" in there
    assert answer["unanswered"] == ["--alternatives"]
    tables = {path.stem for path in tmp_path.glob("runs/*/tables/*.parquet")}
    assert {"starts", "money", "reasons"} <= tables
    assert len(list(tmp_path.glob("runs/*"))) == 1
