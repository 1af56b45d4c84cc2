"""The benchmarks find their rows, hold their targets and never pass over a missing peer."""

import re
from pathlib import Path

import pytest

from benchmarks import measure, options, referees, speed, table
from benchmarks.matrices import draw_matrices
from benchmarks.measure import Run, run, run_peer
from benchmarks.registry import MissingError, RefereeRow, SpeedRow, referee_rows, speed_rows
from benchmarks.synthetic import Size, make_chain
from pondasi.chain.flows import balance_flows


def took(seconds, megabytes=10.0):
    return lambda: Run(seconds, megabytes)


def fail():
    raise MissingError("the peers are not installed: make peers")


def test_rows_have_names_of_their_own():
    for rows in (speed_rows(), referee_rows()):
        names = [row.name for row in rows]
        assert len(names) == len(set(names)) > 0
        assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in names)


@pytest.mark.parametrize(
    ("row", "met"),
    [
        (SpeedRow("a", "t", took(1.0), seconds=2), True),
        (SpeedRow("a", "t", took(3.0), seconds=2), False),
        (SpeedRow("a", "t", took(1.0, 900), seconds=2, megabytes=800), False),
        (SpeedRow("a", "t", took(1.0), took(5.0), ratio=4), True),
        (SpeedRow("a", "t", took(1.0), took(3.0), ratio=4), False),
        (SpeedRow("a", "t", took(1.0), took(0.9), seconds=0.3, difference=True), True),
        (SpeedRow("a", "t", took(1.0), took(0.5), seconds=0.3, difference=True), False),
        (SpeedRow("a", "t", took(1.0), fail, ratio=4), False),
    ],
)
def test_a_row_is_met_or_missed(row, met):
    cells, found = speed.run_row(row)
    assert found is met
    assert len(cells) == len(speed.HEADS) == len(speed.WIDTHS)


def test_the_median_of_several_runs_counts_and_the_largest_memory():
    runs = iter([Run(9.0, 1.0), Run(1.0, 5.0), Run(2.0, 1.0)])
    cells, met = speed.run_row(SpeedRow("a", "t", lambda: next(runs), seconds=3, repeats=3))
    assert met
    assert cells[1] == "2"
    assert cells[6] == "5"


@pytest.mark.parametrize(("answer", "agrees"), [(lambda: 1e-13, True), (lambda: 1e-11, False), (fail, False)])
def test_a_referee_agrees_or_not(answer, agrees):
    cells, found = referees.run_row(RefereeRow("a", "q", "r", answer, 1e-12, "because"))
    assert found is agrees
    assert len(cells) == len(referees.HEADS) == len(referees.WIDTHS)


def test_a_missing_peer_or_shared_file_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(measure, "PEERS", tmp_path)
    monkeypatch.setattr(measure, "SHARED", tmp_path)
    with pytest.raises(MissingError, match="make peers"):
        run_peer("pymrio_table.py")
    with pytest.raises(MissingError, match="shared/x"):
        measure.find_shared("x")


def test_a_process_tells_its_time_and_memory(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import time\nheld = bytearray(80_000_000)\ntime.sleep(0.2)\nprint('{\"seconds\": 7}')\n")
    found = run(["python3", script])
    assert found.seconds == 7
    assert found.megabytes > 60 or not Path("/proc").exists()
    script.write_text("import sys; sys.exit('no luck')")
    with pytest.raises(RuntimeError, match="no luck"):
        run(["python3", script])


def test_the_command_line_chooses_and_lists(capsys):
    assert options.read_options("", ["a", "b"], []) == options.Options(("a", "b"), write=True)
    assert options.read_options("", ["a", "b"], ["--only", "b"]) == options.Options(("b",), write=False)
    assert options.read_options("", ["a", "b"], ["--no-write"]) == options.Options(("a", "b"), write=False)
    assert options.read_options("", ["a", "b-1", "b-2"], ["--only", "b"]).names == ("b-1", "b-2")
    with pytest.raises(SystemExit):
        options.read_options("", ["a", "b-1"], ["--only", "c"])
    assert "no row is called c" in capsys.readouterr().err
    with pytest.raises(SystemExit) as caught:
        options.read_options("", ["a", "b"], ["--list"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == "a\nb\n"


def test_a_section_is_replaced_and_the_others_stay(monkeypatch, tmp_path):
    page = tmp_path / "README.md"
    page.write_text("top\n<!-- speed: begin -->\nold\n<!-- speed: end -->\nrest\n", encoding="utf-8")
    monkeypatch.setattr(table, "README", page)
    for _ in range(2):
        table.write_section("speed", ["task", "s"], [["x", "1"]], ["a note"])
    text = page.read_text(encoding="utf-8")
    assert text.startswith("top\n<!-- speed: begin -->\n\nMeasured on ")
    assert "| task | s |\n| --- | --- |\n| x | 1 |\n\n- a note\n\n<!-- speed: end -->\nrest\n" in text
    assert text.count("| x | 1 |") == 1
    assert "old" not in text


def test_the_page_of_the_benchmarks_has_both_sections():
    text = table.README.read_text(encoding="utf-8")
    for name in ("speed", "referees"):
        assert f"<!-- {name}: begin -->" in text
        assert f"<!-- {name}: end -->" in text


def test_made_up_chains_pass_the_check_and_have_no_gaps():
    chain = make_chain(Size(nodes=40, links=50, countries=12, makers=5, firms=20, users=2))
    assert len(chain.nodes) == 40
    assert len(chain.links) == 50
    assert chain.shares["firm"].nunique() == 20
    flows = balance_flows(chain)
    assert flows.acyclic
    assert not flows.gaps.nodes_without_share
    assert (flows.final >= -1e-9 * flows.output).all()


def test_made_up_margins_can_be_met():
    cases = draw_matrices()
    for k in range(int(cases["n"])):
        assert cases[f"rows_{k}"].sum() == pytest.approx(cases[f"columns_{k}"].sum())
        assert (cases[f"rows_{k}"] > 0).all()
