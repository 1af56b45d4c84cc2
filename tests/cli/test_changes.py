"""`pondasi diff` says what changed and why; `pondasi replay` says whether a run comes out the same."""

import json
import shutil

import pandas as pd
import pytest

from pondasi.chain.load import load_world
from pondasi.cli import main
from pondasi.cli.replay import rebuild_call
from pondasi.errors import UsageError
from pondasi.report.changes import ROUNDING, compare_data, compare_results, find_keys
from pondasi.words import LANGUAGES, Words
from pondasi.workspace import Manifest, Workspace

SHARE = "node,country,firm,basis,share,low,high,year,grade,source,note\n"
HEAD = 'id = "moi"\nowner = "Ministry"\nsecrecy = "internal"\nlocale = "machine"\n'


@pytest.fixture
def run(capsys):
    def call(*arguments):
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """Return a workspace with two runs of the position of Indonesia, the second with an overlay; and the overlay."""
    folder = tmp_path_factory.mktemp("changes")
    overlay = folder / "moi"
    overlay.mkdir()
    (overlay / "overlay.toml").write_text(HEAD, encoding="utf-8")
    (overlay / "shares.csv").write_text(
        SHARE + "atp_wirebond,IDN,,location,0.03,0.02,0.04,2025,exact,wdi_2026,\n", encoding="utf-8"
    )
    names = []
    for number, extra in enumerate(([], ["--overlay", str(overlay)])):
        place = folder / f"w{number}"
        call = [
            "position",
            "IDN",
            "--draws",
            "2",
            "--seed",
            "7",
            "--routes",
            "even",
            "--quiet",
            "--workspace",
            str(place),
        ]
        assert main([*call, *extra]) == 0
        (found,) = (place / "runs").iterdir()
        names.append(str(found))
    return folder, overlay, names


# --- what changed --------------------------------------------------------------------------------


def test_rows_and_results_are_compared_with_their_reasons(run, work):
    _, _, (old, new) = work
    code, out, _ = run("diff", old, new, "--json")
    assert code == 0
    found = json.loads(out, parse_constant=pytest.fail)
    first = found["data"][0]
    assert (first["place"], first["column"]) == ("shares/atp_wirebond/IDN/location", "share")
    assert (first["old"], first["new"]) == (0.005, 0.03)
    assert found["data_not_compared"] == []
    sizes = [row["size"] for row in found["data"]]
    assert sizes == sorted(sizes, reverse=True)
    by_place = {(row["table"], row["place"], row["column"]): row for row in found["results"]}
    share = by_place["shares", "atp_wirebond/IDN", "share"]
    assert (share["old"], share["new"]) == (0.005, 0.03)
    assert share["reasons"][0] == "shares/atp_wirebond/IDN/location"
    supply = by_place["exposure", "IDN/supply/IDN", "share"]
    assert supply["new"] > supply["old"]
    assert supply["reasons"] == ["shares/atp_wirebond/IDN/location"]
    assert ("upstreamness", "atp_wirebond", "upstreamness") not in by_place, "what has not moved is not told"


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_worlds_and_an_overlay_can_be_compared(run, work, language):
    _, overlay, _ = work
    code, out, _ = run("diff", "world-2026.1", overlay, "--home", "IDN", "--routes", "even", "--language", language)
    assert code == 0
    assert "shares/atp_wirebond/IDN/location" in out
    assert Words(language).say("overlay.mark", id="moi", owner="Ministry", secrecy="x")[:8] in out
    assert out.index("summary") < out.index("concentration")


def test_the_same_world_has_no_changes(run):
    code, out, _ = run("diff", "world-2026.1", "world-2026.1")
    assert code == 0
    assert out.strip() == Words("en").say("changes.none")


def test_data_that_are_no_longer_there_are_told(run, work, tmp_path):
    _, _, (old, new) = work
    moved = tmp_path / "run"
    shutil.copytree(new, moved)
    manifest = json.loads((moved / "manifest.json").read_text(encoding="utf-8"))
    manifest["options"]["overlay"] = [str(tmp_path / "gone")]
    (moved / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    code, out, _ = run("diff", old, moved)
    assert code == 0
    assert "cannot be read again" in out
    assert "atp_wirebond" in out, "results are compared all the same"


def test_a_path_with_nothing_is_refused(run, tmp_path):
    code, _, err = run("diff", "world-2026.1", tmp_path / "nothing")
    assert code == 3
    assert "nothing" in err


def test_rows_are_added_taken_out_and_changed():
    chain = load_world().chain
    old = {"shares": chain.shares}
    changed = chain.shares.copy()
    changed.loc[0, "share"] = 0.1
    changed.loc[1, "note"] = "another remark"
    new = {"shares": changed.drop(index=2)}
    found = compare_data(old, new)
    assert [change.kind for change in found] == ["removed", "changed", "changed"]
    assert found[0].size == 1.0
    assert found[1].column == "share"
    assert found[2].size == 0.0
    assert next(change.kind for change in compare_data(new, old)) == "added"
    assert compare_data(old, old) == ()


def test_rounding_is_left_out_only_where_it_may_be():
    old = {"summary": pd.DataFrame({"measure": ["made", "use"], "country": ["a", "a"], "value": [1.0, 2.0]})}
    new = {"summary": old["summary"].assign(value=[1.0 + 1e-12, 3.0])}
    assert [change.place for change in compare_results(old, new, (), ROUNDING)] == ["use/a"]
    assert len(compare_results(old, new)) == 2


def test_a_figure_that_appears_or_goes_is_a_change():
    old = {"t": pd.DataFrame({"node": ["a", "b"], "value": [1.0, None]})}
    new = {"t": pd.DataFrame({"node": ["b", "c"], "value": [2.0, 3.0]})}
    found = {change.place: (change.old, change.new) for change in compare_results(old, new)}
    assert found == {"a": (1.0, None), "b": (None, 2.0), "c": (None, 3.0)}


def test_keys_are_what_names_a_row():
    table = pd.DataFrame({"unit": ["x", "x"], "week": [1, 2], "grade": ["z", "z"], "share": [0.1, 0.2]})
    assert find_keys(table, table) == ["week"]
    same = pd.DataFrame({"week": [1, 1], "unit": ["x", "y"], "share": [0.1, 0.2]})
    assert find_keys(same, same) == ["week", "unit"]


# --- again ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, 1])
def test_a_run_comes_out_the_same_to_the_bit(run, work, number):
    folder, _, names = work
    code, out, _ = run("replay", names[number], "--workspace", folder / "w0", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["same"]
    assert found["tables"]["compared"] == 11
    assert found["data"] is None
    assert found["companions"] is None
    assert found["versions"] == {}
    assert list((folder / "w0" / "cache").iterdir()) == [], "what was made on the way is gone"


def test_drift_ends_with_one_and_says_where(run, work, tmp_path):
    _, _, (old, _) = work
    copy = tmp_path / "runs" / "old"
    shutil.copytree(old, copy)
    table = pd.read_parquet(copy / "tables" / "shares.parquet")
    table.loc[0, "share"] *= 1 + 1e-15 * 4
    table.to_parquet(copy / "tables" / "shares.parquet")
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    manifest["versions"]["numpy"] = "1.0"
    manifest["data"]["hash"] = manifest["companions"] = "0" * 64
    (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    code, out, _ = run("replay", "old", "--workspace", tmp_path)
    assert code == 1
    assert "Not the same: 1 figure." in out
    assert "numpy: 1.0 then" in out
    assert "The data are not the same" in out
    assert "beside the chain" in out


@pytest.mark.parametrize(
    ("change", "message"),
    [({"verb": "guess"}, "guess"), ({"options": {"home": "IDN", "strange": 3}}, "strange")],
)
def test_a_manifest_that_does_not_say_enough_is_refused(change, message):
    manifest = {**Manifest("position", {"home": "IDN"}, {}, 0).as_dict(), **change}
    with pytest.raises(UsageError, match=message):
        rebuild_call(manifest, Words("en"))


def test_a_call_is_rebuilt_with_every_option():
    options = {"home": "IDN", "with": "JPN", "draws": 3, "overlay": ["a", "b"], "world": None, "language": "id"}
    call = rebuild_call(Manifest("brief", options, {}, 5).as_dict(), Words("en"))
    assert call[:2] == ["brief", "IDN"]
    for pair in (["--with", "JPN"], ["--draws", "3"], ["--overlay", "a"], ["--overlay", "b"], ["--seed", "5"]):
        assert any(call[k : k + 2] == pair for k in range(len(call)))


def test_a_run_that_does_not_exist_is_refused(run, tmp_path):
    code, _, err = run("replay", "nothing", "--workspace", tmp_path)
    assert code == 2
    assert "nothing" in err
    assert Workspace(tmp_path).open_run("nothing") is None
