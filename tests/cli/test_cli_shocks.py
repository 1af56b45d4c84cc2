"""``pondasi shocks`` and the form it reads: listed, narrowed, checked, in every language."""

import json
from pathlib import Path

import pytest

from pondasi.cli import main
from pondasi.words import LANGUAGES


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(list(arguments))
    return code, capsys.readouterr().out


def test_the_list_can_be_narrowed(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = run(capsys, "shocks")
    assert code == 0
    assert "wuxi_fire_2013 (2013-09-04): Fire at a memory fab" in text
    everything = json.loads(run(capsys, "shocks", "list", "--json")[1])
    fires = json.loads(run(capsys, "shocks", "list", "--json", "--hazard", "fire")[1])
    assert 0 < len(fires) < len(everything)
    assert {shock["class"] for shock in fires} == {"fire"}
    in_country = json.loads(run(capsys, "shocks", "list", "--json", "--country", "tha")[1])
    assert "thai_floods_2011" in {shock["id"] for shock in in_country}
    assert "wuxi_fire_2013" not in {shock["id"] for shock in in_country}
    assert "qatar_helium_2017" in run(capsys, "shocks", "list", "--node", "helium")[1]


def test_a_node_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["shocks", "list", "--node", "heliun"]) == 2
    assert "helium" in capsys.readouterr().err


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_can_be_written_and_checked(language: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    assert run(capsys, "--language", language, "template", "--shock", str(path))[0] == 0
    assert run(capsys, "--language", language, "shocks", "check", str(path))[0] == 0
    assert main(["template", "--shock", str(path)]) == 2, "it is there already"
    assert main(["template", "--shock", str(tmp_path / "my.xlsx")]) == 2
    capsys.readouterr()
    path.write_text(path.read_text(encoding="utf-8").replace("fab_logic_ge28", "fab_logic_ge29"), encoding="utf-8")
    code, text = run(capsys, "--language", language, "shocks", "check", str(path))
    assert code == 3
    assert "fab_logic_ge28" in text


def test_a_loss_that_the_suppliers_do_not_hold_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    main(["template", "--shock", str(path)])
    capsys.readouterr()
    path.write_text(path.read_text(encoding="utf-8").replace("# loss_of: hit", "loss_of: world"), encoding="utf-8")
    code, text = run(capsys, "shocks", "check", "--json", str(path))
    report = json.loads(text)
    assert (code, report["ok"]) == (3, False)
    assert [problem["key"] for problem in report["problems"]] == ["hit_above_share"]


def test_what_touches_nothing_is_a_warning(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    main(["template", "--shock", str(path)])
    capsys.readouterr()
    path.write_text(path.read_text(encoding="utf-8").replace("[JPN]", "[ISL]"), encoding="utf-8")
    code, text = run(capsys, "shocks", "check", str(path))
    assert code == 0
    assert "ISL" in text
    assert "hits nothing" in text
