"""Events that were kept aside stand apart from what ships, and can be run as a user runs rows of his own."""

import json
from pathlib import Path

import pytest

from pondasi.cli import main
from pondasi.stress.score_rows import load_score_rows
from pondasi.stress.shock_library import load_shocks

FOLDER = Path(__file__).parents[2] / "benchmarks" / "held_out"
SHEET = load_score_rows(FOLDER)
KEPT = {"E27", "E28", "E38", "E41"}


def test_each_event_that_was_kept_aside_has_a_row_and_ships_without_figures() -> None:
    assert {row.event for row in SHEET.rows} == KEPT
    shipped = [row for row in load_score_rows().rows if row.event in KEPT]
    assert {row.event for row in shipped} == KEPT
    assert not any(row.runs or row.shocks for row in shipped)
    assert not {shock.event for shock in load_shocks().shocks.values()} & KEPT


def test_its_shocks_are_those_of_the_events() -> None:
    shocks = load_shocks(more=FOLDER).shocks
    for row in SHEET.rows:
        assert [shocks[name].event for name in row.shocks] == [row.event]
        assert {shocks[name].market for name in row.shocks} == {row.market}
        assert row.counted == (row.reason == "independent")


def test_what_was_set_with_an_event_kept_aside_is_left_out_for_it() -> None:
    found = {(o.node, o.trait): o for o in SHEET.overrides["h28_neon"]}
    assert found["neon", "overcapacity_max"].why == "without_event"


@pytest.mark.long
@pytest.mark.parametrize("name", ["h38_diodes"])
def test_rows_with_shocks_of_their_own_run_from_the_command_line(name, capsys, tmp_path) -> None:
    rows = tmp_path / "rows"
    rows.mkdir()
    for path in FOLDER.iterdir():
        if path.suffix == ".yaml":
            (rows / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    for table in ("score_rows", "score_overrides", "sources"):
        head, *lines = (FOLDER / f"{table}.csv").read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if table == "sources" or line.startswith(name)]
        (rows / f"{table}.csv").write_text("\n".join([head, *kept, ""]), encoding="utf-8")
    page = tmp_path / "page.md"
    arguments = ["backtest", "--rows", str(rows), "--draws", "0", "--json", "--out", str(page)]
    assert main([*arguments, "--workspace", str(tmp_path / "work")]) == 0, "no target can be missed without losses"
    said = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert said["mean"] is None
    assert said["targets"]["balanced_accuracy"] is None
    assert f"`{name}`" in page.read_text(encoding="utf-8")
