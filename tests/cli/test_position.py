"""`pondasi position`, and overlays on the verbs that take them."""

import json
import re
import subprocess

import pandas as pd
import pytest

from pondasi.cli import main
from pondasi.cli.grid import lay_out, measure_width
from pondasi.words import LANGUAGES, Words
from tests.programs import find_program

SHARE = "node,country,firm,basis,share,low,high,year,grade,source,note\n"


@pytest.fixture
def run(capsys):
    def call(*arguments):
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def overlay(run, tmp_path):
    """Return an overlay made from the empty one: plants in Indonesia make more than the world chain says."""
    path = tmp_path / "moi"
    assert run("template", path, "--overlay")[0] == 0
    head = path / "overlay.toml"
    text = (
        head.read_text(encoding="utf-8")
        .replace('id = ""', 'id = "moi-2026"')
        .replace('owner = ""', 'owner = "Ministry"')
    )
    head.write_text(text, encoding="utf-8")
    (path / "shares.csv").write_text(
        SHARE + "atp_wirebond,IDN,,location,0.03,0.02,0.04,2025,exact,survey,\n", encoding="utf-8"
    )
    (path / "sources.csv").write_text(
        "source,publisher,title,year,url,licence,evidence,confidence\nsurvey,Ministry,Survey,2026,,own,seen,high\n",
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_position_is_told_and_kept(run, tmp_path, language):
    code, out, _ = run(
        "position", "IDN", "--peers", "VNM,MYS", "--draws", "4", "--routes", "even", "--language", language,
        "--currency", "idr", "--verbose", "--workspace", tmp_path
    )  # fmt: skip
    words = Words(language)
    assert code == 0
    for name in ("compare", "supply", "tools", "permission", "concentration", "upstreamness", "coverage", "capability"):
        assert words.say(f"position.table.{name}") in out
    assert {"en": "IDR", "id": "rupiah", "ja": "ルピア"}[language] in out
    assert "2025" in out
    (folder,) = (tmp_path / "runs").iterdir()
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["verb"] == "position"
    assert manifest["options"] == {"home": "IDN", "peers": "VNM,MYS", "draws": 4, "routes": "even"}
    assert {"highspy", "numba", "pandas"} <= set(manifest["versions"])
    table = pd.read_parquet(folder / "tables" / "summary.parquet")
    assert table.attrs["data"]["hash"] == manifest["data"]["hash"]
    assert set(table["country"]) == {"IDN", "VNM", "MYS"}
    assert len(pd.read_parquet(folder / "tables" / "ranks.parquet"))


def test_the_position_as_json_is_one_document(run, tmp_path):
    code, out, _ = run("position", "Indonesia", "--draws", "2", "--routes", "even", "--json", "--workspace", tmp_path)
    found = json.loads(out, parse_constant=pytest.fail)
    assert code == 0
    assert found["home"] == "IDN"
    assert found["chain"]["id"] == "world"
    assert 0 <= found["stability"]["supply"] <= 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["position"], "HOME"),
        (["position", "IDN", "--peers", "IDN"], "named twice"),
        (["position", "IDN", "--peers", "Jaapan"], "Did you mean JPN"),
        (["position", "IDN", "--currency", "XAU"], "USD, IDR, JPY"),
        (["position", "TUV"], "no share"),
    ],
)
def test_a_wrong_call_ends_with_two(run, arguments, message):
    code, _, err = run(*arguments)
    assert code == 2
    assert message in err


def test_an_overlay_is_checked_and_told_in_every_result(run, overlay, tmp_path):
    assert run("check", overlay)[0] == 0
    code, out, _ = run(
        "position", "IDN", "--overlay", overlay, "--draws", "0", "--routes", "even", "--workspace", tmp_path / "w"
    )
    assert code == 0
    assert "With overlay moi-2026 of Ministry: Confidential." in out
    (folder,) = (tmp_path / "w" / "runs").iterdir()
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert [mark["id"] for mark in manifest["data"]["overlays"]] == ["moi-2026"]
    assert manifest["options"]["overlay"] == [str(overlay)]
    table = pd.read_parquet(folder / "tables" / "shares.parquet")
    assert table.attrs["data"]["overlays"][0]["secrecy"] == "confidential"
    assert table.set_index(["node", "country"]).loc[("atp_wirebond", "IDN"), "share"] == 0.03
    code, out, _ = run("explain", "shares/atp_wirebond/IDN", "--overlay", overlay)
    assert code == 0
    assert "moi-2026" in out
    assert "Survey" in out
    assert "moi-2026" in run("coverage", "--overlay", overlay)[1]


@pytest.mark.parametrize("verb", [["position", "IDN"], ["brief", "IDN"], ["explain", "use/IDN"], ["coverage"]])
def test_public_refuses_what_rests_on_an_overlay(run, overlay, verb):
    code, out, err = run(*verb, "--overlay", overlay, "--public")
    assert code == 2
    assert "moi-2026" in err
    assert not out


def test_a_brief_with_an_overlay_names_it_on_every_page_and_in_its_manifest(run, overlay, tmp_path):
    arguments = ("--overlay", overlay, "--draws", "0", "--routes", "even", "--format", "html,pdf")
    code, out, _ = run("brief", "IDN", *arguments, "--workspace", tmp_path / "w")
    assert code == 0
    assert "moi-2026" in out
    page = tmp_path / "w" / "documents" / "brief-IDN-en.html"
    mark = "With overlay moi-2026 of Ministry: Confidential."
    text = page.read_text(encoding="utf-8")
    assert text.count(mark) == 2, "above and below"
    assert re.search(r'data-manifest="overlays"><dt>Overlays</dt><dd>moi-2026 \([0-9a-f]{8}\)', text)
    paper = subprocess.run(
        [find_program("pdftotext"), page.with_suffix(".pdf"), "-"], check=True, stdout=subprocess.PIPE
    )
    assert all(mark in sheet for sheet in paper.stdout.decode().split("\f")[:-1])


def test_a_faulty_overlay_is_refused_with_all_its_problems(run, overlay):
    with (overlay / "shares.csv").open("a", encoding="utf-8") as file:
        file.write(
            "litho_euv,IDN,,location,0.9,0.8,1,2025,exact,survey,\nno_node,IDN,,location,0.1,0,1,2025,exact,survey,\n"
        )
    code, out, _ = run("check", overlay)
    assert code == 3
    assert "litho_euv" in out
    assert "no_node" in out
    code, _, err = run("position", "IDN", "--overlay", overlay)
    assert code == 3
    assert "no_node" in err
    assert run("check", overlay, "--json")[0] == 3


def test_a_pack_is_checked_with_an_overlay_on_it(run, overlay, tmp_path):
    assert run("build", "--out", tmp_path / "pack")[0] == 0
    code, out, _ = run("check", tmp_path / "pack", "--overlay", overlay, "--json")
    assert code == 0
    assert [pack["ok"] for pack in json.loads(out)["packs"]] == [True, True]


def test_an_empty_overlay_is_not_written_over_anything(run, overlay):
    code, _, err = run("template", overlay, "--overlay")
    assert code == 2
    assert str(overlay) in err


def test_columns_line_up_in_every_script():
    lines = lay_out(["国", "part"], [["日本", "9 %"], ["Korea", "14 %"]])
    assert {measure_width(line) for line in lines} == {11}
    assert lines[2].endswith(" 9 %")
