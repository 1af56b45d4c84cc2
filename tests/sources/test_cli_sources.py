"""`pondasi sources` and `pondasi build --from`: what is said, and the exit codes."""

import io
import json

import pytest

from pondasi.chain.load import load_chain
from pondasi.cli import main
from pondasi.sources.registry import find_source
from pondasi.words import LANGUAGES, Words
from tests.sources.made_up import SMALL, make_set, write_files
from tests.sources.server import status


@pytest.fixture
def run(capsys, tmp_path):
    def call(*arguments):
        code = main([*map(str, arguments), "--workspace", str(tmp_path / "work")])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return code, captured.out, captured.err

    return call


@pytest.fixture
def published(tmp_path, serve, monkeypatch):
    """A server with a made-up set, which the registry knows as eto."""
    server = serve(write_files(tmp_path / "published", SMALL))
    registry = {"eto": make_set(SMALL, "eto", server.base)}
    monkeypatch.setattr("pondasi.sources.registry.load_registry", lambda: registry)
    return server


def test_sources_lists(run):
    code, out, _ = run("sources")
    assert code == 0
    assert "cc-by-nc-4.0" in out
    assert "pondasi sources fetch eto" in out
    assert out == run("sources", "list")[1]
    (entry,) = json.loads(run("sources", "--json")[1])
    assert (entry["name"], entry["state"], entry["commit"]) == ("eto", "absent", find_source("eto").commit)


@pytest.mark.parametrize("language", LANGUAGES)
def test_sources_speaks_the_users_language(run, capsys, language):
    words = Words(language)
    assert find_source("eto").title[language] in run("sources", "--language", language)[1]
    for verb in ("list", "fetch", "add"):
        assert main(["sources", verb, "--help", "--language", language]) == 0
        assert words.say("cli.options") in capsys.readouterr().out
    assert main(["sources", "--help", "--language", language]) == 0
    out = capsys.readouterr().out
    assert words.say("cli.verbs") in out
    assert "fetch" in out


def test_fetch_then_build(run, published, tmp_path):
    code, out, _ = run("sources", "fetch", "eto", "--accept")
    assert code == 0
    assert "Do with it what you like." in out
    assert "pondasi build --from eto" in out
    code, out, err = run("build", "--from", "eto", "--out", tmp_path / "eto")
    assert code == 0
    assert "cc-by-nc-4.0" in out
    assert "sales share of 7 of 7 links" in out
    assert err == ""
    chain = load_chain(tmp_path / "eto")
    assert (chain.id, chain.version) == ("eto", "01234567")
    published.seen.clear()
    assert run("sources", "fetch", "eto")[0] == 0
    assert published.seen == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.usefixtures("published")
def test_build_says_what_is_unknown_in_every_language(run, tmp_path, language):
    run("sources", "fetch", "eto", "--accept", "--quiet")
    code, out, _ = run("build", "--from", "eto", "--out", tmp_path / "eto", "--language", language)
    assert code == 0
    assert Words(language).say("sources.build.limits") in out
    assert Words(language).say("sources.left_out.places", n=4) in out


def test_without_consent_the_licence_is_shown_and_nothing_is_fetched(run, published):
    code, out, err = run("sources", "fetch", "eto")
    assert code == 2
    assert "Do with it what you like." in out
    assert "--accept" in err
    assert published.seen == []


@pytest.mark.parametrize(("answer", "code"), [("ya", 0), ("tidak", 2), ("", 2)])
def test_at_a_terminal_consent_is_asked_for(run, published, monkeypatch, answer, code):
    typed = io.StringIO(answer + "\n")
    typed.isatty = lambda: True
    monkeypatch.setattr("sys.stdin", typed)
    found, out, _ = run("sources", "fetch", "eto", "--language", "id")
    assert found == code
    assert Words("id").say("sources.ask") in out
    assert bool(published.seen) == (code == 0)


def test_a_failure_ends_with_three_and_off_line_with_two(run, published):
    published.faults["stages.csv"] = status(404)
    code, out, err = run("sources", "fetch", "eto", "--accept", "--json")
    assert (code, out) == (3, "")
    assert "stages.csv" in err
    assert "unchanged" in err
    code, out, err = run("sources", "fetch", "eto", "--accept", "--offline")
    assert (code, out) == (2, "")
    assert "pondasi sources add eto PATH" in err
    code, _, err = run("build", "--from", "eto", "--out", "nowhere")
    assert code == 2
    assert "pondasi sources fetch eto" in err


def test_add_then_build_another_version(run, published, tmp_path):
    stick = write_files(tmp_path / "stick", SMALL | {"stages.csv": SMALL["stages.csv"] + b"S4,More\n"})
    code, _, err = run("sources", "add", "eto", stick, "--accept")
    assert code == 3
    assert "--any-version" in err
    code, out, err = run("sources", "add", "eto", stick, "--accept", "--any-version", "--json")
    assert code == 0
    assert json.loads(out)["commit"] is None
    assert "origin.json" in err
    assert "another version" in run("sources")[1]
    code, out, err = run("build", "--from", "eto", "--out", tmp_path / "eto")
    assert code == 0
    assert "another version" in err
    assert load_chain(tmp_path / "eto").version.startswith("other-")
    assert published.seen == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sources", "fech", "eto"], "Did you mean 'fetch'"),
        (["sources", "fetch"], "'NAME' is missing"),
        (["sources", "fetch", "etoo"], "Did you mean 'eto'"),
        (["sources", "fetch", "eto", "--timeout", "0"], "'--timeout'"),
        (["sources", "fetch", "eto", "--accept", "--url", "file:///etc"], "file:///etc"),
        (["sources", "add", "eto"], "'PATH...' is missing"),
        (["sources", "add", "eto", "nowhere", "--accept"], "nowhere"),
        (["build", "mine", "--from", "eto", "--out", "x"], "not both"),
        (["build", "--from", "etoo", "--out", "x"], "Did you mean 'eto'"),
    ],
)
@pytest.mark.usefixtures("published")
def test_a_wrong_call_ends_with_two_and_says_what_is_wrong(run, arguments, message):
    code, _, err = run(*arguments)
    assert code == 2
    assert message in err


def test_the_published_set_from_a_server_to_a_chain(run, serve, shared, tmp_path):
    server = serve(shared("data/eto"))
    code, _, _ = run("sources", "fetch", "eto", "--accept", "--url", server.base + "/{commit}/data")
    assert code == 0
    assert find_source("eto").commit in server.seen[0]
    assert run("build", "--from", "eto", "--out", tmp_path / "eto.xlsx")[0] == 0
    assert main(["check", str(tmp_path / "eto.xlsx"), "--quiet"]) == 0
    code, _, err = run("brief", "JPN", "--with", "NLD", "--world", tmp_path / "eto.xlsx", "--draws", "2")
    assert code == 2
    assert "no users of chips" in err
