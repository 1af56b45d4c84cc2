"""A run leaves a manifest that names everything it was made of."""

import json

import pandas as pd

from pondasi.workspace import Manifest, Workspace, open_workspace


def make(seed=0, **options):
    return Manifest("brief", options, {"id": "world", "hash": "abc"}, seed)


def test_equal_runs_have_equal_hashes_whatever_the_time():
    assert make(home="IDN").hash == make(home="IDN").hash
    assert make(home="IDN").hash != make(home="VNM").hash
    assert make(seed=1).hash != make(seed=2).hash


def test_a_run_is_saved_whole(tmp_path):
    table = pd.DataFrame({"country": ["JPN"], "share": [0.1]})
    manifest = make(home="IDN")
    folder = Workspace(tmp_path / "work").save_run(manifest, {"exposure": table})
    assert folder.parent.name == "runs"
    saved = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert saved["options"] == {"home": "IDN"}
    assert saved["versions"]["pondasi"]
    assert set(saved) >= {"verb", "data", "seed", "started", "machine"}
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "tables" / "exposure.parquet"), table)
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == ["exposure.parquet", "manifest.json"]


def test_the_workspace_is_where_the_user_says(monkeypatch, tmp_path):
    monkeypatch.delenv("PONDASI_WORKSPACE", raising=False)
    assert open_workspace().path.name == "pondasi-work"
    monkeypatch.setenv("PONDASI_WORKSPACE", str(tmp_path / "elsewhere"))
    assert open_workspace().path == tmp_path / "elsewhere"
    assert open_workspace(tmp_path).path == tmp_path
    assert not (tmp_path / "elsewhere").exists()
