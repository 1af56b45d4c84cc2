"""`pondasi plan`: the answer as sentences, as JSON, and a run left behind."""

import json

import pandas as pd
import pytest

from pondasi.cli import main


@pytest.fixture
def run(capsys):
    def call(*arguments):
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.mark.slow
def test_a_short_search_gives_a_plan_its_gap_and_its_tables(run, tmp_path):
    code, out, _ = run("plan", "IDN", "--scenarios", 3, "--seconds", 1, "--workspace", tmp_path, "--json")
    answer = json.loads(out)
    assert code == (0 if answer["finished"] else 1)
    assert answer["value"] <= answer["most"]
    starts = pd.read_parquet(f"{answer['run']}/tables/starts.parquet")
    assert len(starts) == len(answer["starts"])
    # What is committed in the case is in every plan.
    assert "tal_scholarship_return" in set(starts["step"])
    assert {"money", "people", "output", "measures"} <= {p.stem for p in (tmp_path / "runs").glob("*/tables/*.parquet")}


def test_a_country_is_no_partner_of_itself(run):
    code, _, err = run("plan", "IDN", "--with", "IDN")
    assert code == 2
    assert "Indonesia" in err or "IDN" in err


def test_a_country_without_a_plan_is_named(run):
    code, _, err = run("plan", "VNM")
    assert code == 2
    assert "VNM" in err
