"""``pondasi stress HOME --critical``: a run that holds both tables, and what is said in every language."""

import json

import pandas as pd
import pytest

from pondasi import load_world
from pondasi.cli import main
from pondasi.cli.survival import say_criticality, say_survival
from pondasi.report.numbers import Numbers
from pondasi.stress.criticality import Criticality
from pondasi.stress.survival import Survival
from pondasi.words import LANGUAGES, Words


def test_a_run_holds_every_supplier(capsys, tmp_path):
    arguments = ["stress", "IDN", "--critical", "--weeks", "1", "--json", "--workspace", str(tmp_path)]
    assert main(arguments) == 0
    result = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    suppliers = {(row["node"], row["country"]) for row in result["criticality"]}
    assert ("fab_logic_lt10", "TWN") in suppliers
    assert len(suppliers) > 1000
    lasting = {(row["node"], row["country"]): row for row in result["survival"]}
    assert 20 < lasting["fab_logic_lt10", "TWN"]["survive_weeks"] < 52
    assert lasting["litho_euv", "NLD"]["goods"] is False
    assert lasting["litho_euv", "NLD"]["survive_weeks"] is None


def test_one_question_at_a_time(capsys):
    assert main(["stress", "IDN", "--critical", "--sample", "3"]) == 2
    assert "one of them" in capsys.readouterr().err


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_worst_are_said(language):
    world, words = load_world(), Words(language)
    numbers = Numbers(words)
    index = pd.MultiIndex.from_tuples([("fab_dram", "KOR"), ("neon", "UKR")], names=["node", "country"])
    losses = {"gross": [2.5, 0.0], "net": [1.5, 0.0], "depth": [0.25, 0.0], "impact_week": [11.0, None]}
    table = {f"{watch}_{name}": values for watch in ("home", "world") for name, values in losses.items()}
    lost = Criticality("IDN", 13.0, 65, pd.DataFrame({"user": False, **table}, index), (("neon", "ROW"),))
    text = "\n".join(say_criticality(lost, world, words, numbers))
    name = world.chain.nodes.set_index("node").loc["fab_dram", f"name_{language}"]
    assert text.count(name) == 2
    assert numbers.plain(2.5) in text
    lasting = {"goods": True, "survive_weeks": [36.5, None], "for_ever": [False, True]}
    recover = {"recover_weeks": [None, 26.0], "qualify_weeks": [36.0, 17.0], "exposed": False}
    said = "\n".join(say_survival(Survival(pd.DataFrame({**lasting, **recover}, index)), world, words, numbers))
    assert name in said
    assert numbers.plain(36.5) in said
    assert words.say("survival.unknown") in said
