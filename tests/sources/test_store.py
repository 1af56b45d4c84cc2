"""A set is stored whole or not at all, with its origin, and only under an accepted licence."""

import errno
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pondasi.errors import DataError, SizeError, UsageError
from pondasi.sources.download import FetchError, Limits
from pondasi.sources.store import add_source, fetch_source, look_up, require_source
from tests.sources.made_up import TOY, make_set, write_files
from tests.sources.server import cut, status, whole

QUICK = Limits(wait=0.4, total=0.6, tries=2, pause=0.01)


def files_in(workspace):
    return sorted(path.relative_to(workspace.path).as_posix() for path in workspace.path.rglob("*") if path.is_file())


WHOLE = [f"data/toy/{name}" for name in sorted([*TOY, "origin.json"])]


def test_fetch_stores_files_and_origin(toy, workspace):
    source, server = toy
    told = []
    origin = fetch_source(
        source, workspace, accept=True, limits=QUICK, tell=lambda file, way: told.append((file.name, way))
    )
    assert files_in(workspace) == WHOLE
    assert told == [(name, "fetched") for name in TOY]
    assert server.seen == [f"/{source.commit}/data/{name}" for name in TOY]
    saved = json.loads((workspace.path / "data" / "toy" / "origin.json").read_text(encoding="utf-8"))
    assert saved["commit"] == source.commit == origin.commit
    assert saved["licence"] == source.licence
    assert saved["accepted"] in saved["obtained"]
    assert saved["files"]["one.csv"] == {
        "sha256": source.files[0].sha256,
        "bytes": len(TOY["one.csv"]),
        "from": f"{server.base}/{source.commit}/data/one.csv",
    }
    stored = look_up(source, workspace)
    assert (stored.state, stored.origin) == ("ready", origin)
    assert require_source(source, workspace) == stored


def test_nothing_is_stored_without_consent(toy, workspace):
    source, server = toy
    with pytest.raises(UsageError, match="--accept"):
        fetch_source(source, workspace)
    assert server.seen == []
    assert not workspace.path.exists()


def test_consent_is_asked_for_once(toy, workspace):
    source, server = toy
    first = fetch_source(source, workspace, accept=True)
    (workspace.path / "data" / "toy" / "two.csv").write_bytes(b"spoilt")
    assert look_up(source, workspace).state == "damaged"
    server.seen.clear()
    second = fetch_source(source, workspace)
    assert server.seen == [f"/{source.commit}/data/two.csv"], "good files are kept"
    assert second.accepted == first.accepted
    assert look_up(source, workspace).state == "ready"


def test_another_licence_needs_another_consent(toy, workspace):
    source, _ = toy
    fetch_source(source, workspace, accept=True)
    with pytest.raises(UsageError, match="not accepted"):
        fetch_source(replace(source, licence="cc-by-4.0"), workspace)


def test_a_set_that_is_there_needs_no_network(toy, workspace, monkeypatch):
    source, server = toy
    origin = fetch_source(source, workspace, accept=True)
    server.seen.clear()
    monkeypatch.setenv("PONDASI_OFFLINE", "1")
    assert fetch_source(source, workspace) == origin
    assert server.seen == []


@pytest.mark.parametrize("way", ["option", "environment"])
def test_off_line_names_the_way_by_hand(toy, workspace, monkeypatch, way):
    source, server = toy
    if way == "environment":
        monkeypatch.setenv("PONDASI_OFFLINE", "1")
    with pytest.raises(UsageError, match="pondasi sources add toy PATH"):
        fetch_source(source, workspace, accept=True, offline=way == "option")
    assert server.seen == []
    assert not workspace.path.exists()


@pytest.mark.parametrize("before", [False, True])
def test_a_failure_leaves_what_was_there(toy, workspace, before):
    source, server = toy
    if before:
        fetch_source(source, workspace, accept=True)
        (workspace.path / "data" / "toy" / "three.csv").write_bytes(b"spoilt")
    server.faults["three.csv"] = cut(TOY["three.csv"])
    with pytest.raises(FetchError, match="unchanged"):
        fetch_source(source, workspace, accept=True, limits=QUICK)
    assert files_in(workspace) == (WHOLE if before else [])
    if before:
        assert (workspace.path / "data" / "toy" / "three.csv").read_bytes() == b"spoilt"
        assert (workspace.path / "data" / "toy" / "one.csv").read_bytes() == TOY["one.csv"]


def test_all_changed_and_missing_files_are_named_at_once(toy, workspace):
    source, server = toy
    server.faults = {"one.csv": whole(b"other text\n"), "three.csv": status(404)}
    with pytest.raises(FetchError) as caught:
        fetch_source(source, workspace, accept=True, limits=QUICK)
    assert [problem.key for problem in caught.value.problems] == ["fetch_changed", "fetch_gone"]
    assert files_in(workspace) == []


def test_a_dead_network_is_not_asked_for_every_file(toy, workspace):
    source, server = toy
    server.faults = {name: status(503) for name in TOY}
    with pytest.raises(FetchError) as caught:
        fetch_source(source, workspace, accept=True, limits=QUICK)
    assert len(caught.value.problems) == 1
    assert len(server.seen) == QUICK.tries


def test_a_mirror_may_be_named(toy, workspace, monkeypatch):
    source, server = toy
    away = replace(source, base="http://127.0.0.1:9/gone")
    monkeypatch.setenv("PONDASI_SOURCE_URL", "http://127.0.0.1:9/neither")
    origin = fetch_source(away, workspace, accept=True, base=server.base + "/mirror/", limits=QUICK)
    assert origin.files["one.csv"]["from"] == f"{server.base}/mirror/one.csv"
    shutil.rmtree(workspace.path)
    monkeypatch.setenv("PONDASI_SOURCE_URL", server.base)
    assert fetch_source(away, workspace, accept=True, limits=QUICK).commit == source.commit


@pytest.mark.parametrize(
    "base",
    ["file:///etc", "ftp://x.example", "x.example/data", "http://", "http://me:key@x.example", "http://x:99999999"],
)
def test_other_addresses_are_refused(toy, workspace, base):
    source, _ = toy
    with pytest.raises(UsageError) as caught:
        fetch_source(source, workspace, accept=True, base=base)
    assert caught.value.key == "source_address"


class FullFile:
    """Stands for a file on a disk that fills up."""

    def __init__(self, code):
        self.code = code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False

    def write(self, _):
        raise OSError(self.code, "made-up")


@pytest.mark.parametrize(
    ("code", "error", "key"),
    [
        (errno.ENOSPC, SizeError, "disk_full"),
        (errno.EDQUOT, SizeError, "disk_full"),
        (errno.EACCES, UsageError, "no_permission"),
        (errno.EROFS, UsageError, "no_permission"),
        (errno.EIO, UsageError, "not_writable"),
    ],
)
def test_a_disk_that_takes_nothing(toy, workspace, monkeypatch, code, error, key):
    source, _ = toy
    plain = Path.open
    monkeypatch.setattr(
        Path, "open", lambda self, mode="r", **rest: FullFile(code) if mode == "wb" else plain(self, mode, **rest)
    )
    with pytest.raises(error) as caught:
        fetch_source(source, workspace, accept=True, limits=QUICK)
    assert caught.value.key == key
    assert caught.value.exit_code == 2
    assert str(workspace.path) in str(caught.value)
    assert files_in(workspace) == []


def test_a_folder_with_other_files_is_kept(toy, workspace):
    source, _ = toy
    write_files(workspace.path / "data" / "toy", {"mine.txt": b"mine"})
    with pytest.raises(UsageError, match=r"mine\.txt"):
        fetch_source(source, workspace, accept=True)
    assert files_in(workspace) == ["data/toy/mine.txt"]


# --- files got by hand ---------------------------------------------------------------------------


def test_add_takes_a_folder(workspace, tmp_path):
    source = make_set(TOY)
    origin = add_source(source, workspace, [write_files(tmp_path / "stick", TOY)], accept=True)
    assert files_in(workspace) == WHOLE
    assert origin.way == "add"
    assert origin.commit == source.commit
    assert look_up(source, workspace).state == "ready"


def test_add_knows_a_file_by_its_hash(workspace, tmp_path):
    source = make_set(TOY)
    stick = write_files(tmp_path / "stick", {f"{name} (1).csv": data for name, data in TOY.items()})
    (stick / "one.csv").write_bytes(b"another file of that name")
    add_source(source, workspace, [stick], accept=True)
    assert look_up(source, workspace).state == "ready"


def test_add_takes_single_files_and_wants_consent(workspace, tmp_path):
    source = make_set(TOY)
    stick = write_files(tmp_path / "stick", TOY)
    with pytest.raises(UsageError, match="not accepted"):
        add_source(source, workspace, [stick])
    add_source(source, workspace, [stick / name for name in TOY], accept=True)
    assert look_up(source, workspace).state == "ready"


def test_add_names_all_that_is_missing_or_differs(workspace, tmp_path):
    source = make_set(TOY)
    stick = write_files(
        tmp_path / "stick", {"one.csv": TOY["one.csv"].replace(b"\n", b"\r\n"), "two.csv": TOY["two.csv"]}
    )
    with pytest.raises(DataError) as caught:
        add_source(source, workspace, [stick], accept=True)
    assert [problem.key for problem in caught.value.problems] == ["source_file_differs", "source_file_missing"]
    assert "line ends" in str(caught.value)
    assert files_in(workspace) == []
    with pytest.raises(UsageError, match="nowhere"):
        add_source(source, workspace, [tmp_path / "nowhere"], accept=True)


def test_another_version_is_taken_only_when_wanted_and_remembered(toy, workspace, tmp_path):
    source, _ = toy
    stick = write_files(tmp_path / "stick", {**TOY, "one.csv": b"a,b\n1,3\n"})
    origin = add_source(source, workspace, [stick], accept=True, any_version=True)
    assert origin.commit is None
    assert origin.warnings
    assert origin.version.startswith("other-")
    assert look_up(source, workspace).state == "other"
    require_source(source, workspace)
    assert fetch_source(source, workspace).commit == source.commit, "fetch brings the registered one"
    assert look_up(source, workspace).state == "ready"


# --- what stands in the workspace ----------------------------------------------------------------


def test_what_is_not_there_or_changed_is_not_read(toy, workspace):
    source, _ = toy
    with pytest.raises(UsageError, match="sources fetch toy"):
        require_source(source, workspace)
    fetch_source(source, workspace, accept=True)
    folder = workspace.path / "data" / "toy"
    (folder / "one.csv").unlink()
    with pytest.raises(DataError, match="changed"):
        require_source(source, workspace)
    write_files(folder, TOY)
    for text in ("{", "[]", "{}", '{"files": {"one.csv": 1}}'):
        (folder / "origin.json").write_text(text, encoding="utf-8")
        assert look_up(source, workspace).state == "damaged"


def test_a_newer_pin_makes_a_stored_set_another_version(toy, workspace):
    source, _ = toy
    fetch_source(source, workspace, accept=True)
    newer = make_set({**TOY, "one.csv": b"a,b\n1,2\n5,6\n"})
    assert look_up(newer, workspace).state == "other"


def test_an_interrupt_leaves_nothing(toy, workspace):
    source, _ = toy

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_source(source, workspace, accept=True, tell=stop)
    assert [path for path in workspace.path.rglob("*") if path.name != "data"] == []
