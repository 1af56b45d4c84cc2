"""Whatever stands at a path, `check_pack` returns a report: it never raises and never hangs."""

import json
import zipfile
from io import BytesIO
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pondasi.chain.load import CheckReport, build_chain, check_pack, load_chain
from pondasi.errors import DataError
from pondasi.tables import csv_read, excel_read
from pondasi.tables.write import table_to_csv
from pondasi.words import Words
from tests.tables.packs import (
    HEAD,
    csv_text,
    make_book,
    put,
    typed_tables,
    valid_tables,
    write_book,
    write_csv,
    write_parquet,
)

IN_FOLDER = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def told(path: Path) -> CheckReport:
    """Check a path and say every finding, so that the texts are tried too."""
    report = check_pack(path)
    for problem in report.problems:
        assert Words("en").problem(problem)
    json.dumps([[problem.key, problem.value, str(problem.fields)] for problem in report.problems])
    return report


def frames() -> dict[str, pd.DataFrame]:
    return {
        name: pd.DataFrame(rows[1:], columns=rows[0], dtype=object)
        for name, rows in typed_tables(valid_tables()).items()
    }


# --- bytes ---------------------------------------------------------------------------------------

CSV_LIKE = st.text(st.sampled_from('nodesharlik,;\t"\n\r#=|_0123456789.%\u3000あé\x00\ufeff')).map(str.encode)


@given(data=st.binary(max_size=300) | CSV_LIKE, name=st.sampled_from(["nodes", "shares", "links", "sources"]))
@settings(suppress_health_check=IN_FOLDER)
def test_any_bytes_as_csv(data: bytes, name: str, tmp_path: Path) -> None:
    pack = write_csv(tmp_path / "pack", valid_tables())
    (pack / f"{name}.csv").write_bytes(data)
    assert not told(pack).ok or data.strip() == b""


@given(rows=st.lists(st.lists(st.text(max_size=4), max_size=15), max_size=4), name=st.sampled_from(["nodes", "traits"]))
@settings(suppress_health_check=IN_FOLDER)
def test_any_cells_under_a_right_header(rows: list[list[str]], name: str, tmp_path: Path) -> None:
    tables = valid_tables()
    tables[name][1:] = rows
    pack = write_csv(tmp_path / "pack", {key: value for key, value in tables.items() if key != name})
    (pack / f"{name}.csv").write_bytes(csv_text(tables[name]).encode("utf-8", errors="surrogatepass"))
    told(pack)


@given(data=st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", errors="ignore")))
@settings(suppress_health_check=IN_FOLDER)
def test_any_bytes_as_head(data: bytes, tmp_path: Path) -> None:
    pack = write_csv(tmp_path / "pack", {"nodes": valid_tables()["nodes"]})
    (pack / "pack.toml").write_bytes(data)
    told(pack)


HEAD_VALUES = st.recursive(
    st.integers() | st.booleans() | st.text("abid-; ", max_size=5) | st.just(0.5),
    lambda inner: st.lists(inner, max_size=2),
)


@given(head=st.dictionaries(st.sampled_from(["id", "version", "locale", "delimiter", "title"]), HEAD_VALUES))
@settings(suppress_health_check=IN_FOLDER)
def test_any_values_in_the_head(head: dict[str, object], tmp_path: Path) -> None:
    pack = write_csv(tmp_path / "pack", {"nodes": valid_tables()["nodes"]})
    (pack / "pack.toml").write_text(
        "".join(f"{key} = {json.dumps(value)}\n" for key, value in head.items()), encoding="utf-8"
    )
    told(pack)


@pytest.mark.parametrize("suffix", ["xlsx", "xlsm", "parquet"])
@given(data=st.binary(max_size=200), start=st.sampled_from([b"", b"PK\x03\x04", b"PAR1", b"\xd0\xcf\x11\xe0"]))
@settings(suppress_health_check=IN_FOLDER)
def test_any_bytes_as_a_binary_file(suffix: str, data: bytes, start: bytes, tmp_path: Path) -> None:
    if suffix == "parquet":
        path = write_csv(tmp_path / "pack", {"sources": valid_tables()["sources"]})
        (path / "nodes.parquet").write_bytes(start + data)
    else:
        path = tmp_path / f"pack.{suffix}"
        path.write_bytes(start + data)
    assert not told(path).ok


@pytest.fixture(scope="module")
def whole_book() -> bytes:
    stream = BytesIO()
    make_book(typed_tables(valid_tables())).save(stream)
    return stream.getvalue()


@given(part=st.floats(0, 0.999))
@settings(suppress_health_check=IN_FOLDER)
def test_a_workbook_that_is_cut_off_is_refused(part: float, whole_book: bytes, tmp_path: Path) -> None:
    path = tmp_path / "pack.xlsx"
    path.write_bytes(whole_book[: int(len(whole_book) * part)])
    assert [problem.key for problem in told(path).errors] == ["excel_truncated"]


@given(data=st.data())
@settings(suppress_health_check=IN_FOLDER)
def test_a_workbook_with_flipped_bytes(data: st.DataObject, whole_book: bytes, tmp_path: Path) -> None:
    """Either a finding, or the content is what it was."""
    broken = bytearray(whole_book)
    for _ in range(data.draw(st.integers(1, 3))):
        broken[data.draw(st.integers(0, len(broken) - 1))] ^= data.draw(st.integers(1, 255))
    (tmp_path / "pack.xlsx").write_bytes(broken)
    (tmp_path / "whole.xlsx").write_bytes(whole_book)
    report, before = told(tmp_path / "pack.xlsx"), check_pack(tmp_path / "whole.xlsx")
    if report.problems == before.problems:
        assert {name: table_to_csv(frame) for name, frame in report.tables.items()} == {
            name: table_to_csv(frame) for name, frame in before.tables.items()
        }


@given(data=st.data())
@settings(suppress_health_check=IN_FOLDER)
def test_a_workbook_whose_parts_are_damaged(data: st.DataObject, whole_book: bytes, tmp_path: Path) -> None:
    """The archive is sound, but one of its files is not what the format asks for."""
    with zipfile.ZipFile(BytesIO(whole_book)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    name = data.draw(st.sampled_from(sorted(files)))
    content = files[name]
    start, length = data.draw(st.integers(0, len(content))), data.draw(st.integers(0, 60))
    files[name] = content[:start] + data.draw(st.binary(max_size=20)) + content[start + length :]
    if data.draw(st.booleans()):
        del files[data.draw(st.sampled_from(sorted(files)))]
    with zipfile.ZipFile(tmp_path / "pack.xlsx", "w") as archive:
        for key, value in files.items():
            archive.writestr(key, value)
    told(tmp_path / "pack.xlsx")


@given(data=st.data())
@settings(suppress_health_check=IN_FOLDER)
def test_a_damaged_parquet_file(data: st.DataObject, tmp_path: Path) -> None:
    pack = write_parquet(tmp_path / "pack", typed_tables(valid_tables()))
    file = pack / "nodes.parquet"
    broken = bytearray(file.read_bytes())
    broken[data.draw(st.integers(0, len(broken) - 1))] ^= data.draw(st.integers(1, 255))
    file.write_bytes(broken[: data.draw(st.integers(0, len(broken)))])
    told(pack)


# --- kinds of columns that programs write --------------------------------------------------------

KINDS = [
    pa.array([1, 2, 3], pa.int8()),
    pa.array([1, None, 2**64 - 1], pa.uint64()),
    pa.array([0.5, float("nan"), float("inf")]),
    pa.array([0.5, None, 0.25], pa.float16()),
    pa.array(["0.1", "a", None]).dictionary_encode(),
    pa.array([None, None, None], pa.null()),
    pa.array([True, False, None]),
    pa.array([b"a", b"\xff", None]),
    pa.array([[1], [], None]),
    pa.array([{"a": 1}, None, {"a": 2}]),
    pa.array([0, 1, None], pa.timestamp("us")),
    pa.array([0, 1, 2**62], pa.timestamp("ns", "Asia/Jakarta")),
    pa.array([2**62, 1, None], pa.timestamp("us")),
    pa.array([0, 1, 20_000], pa.date32()),
    pa.array([0, 1, None], pa.time64("ns")),
    pa.array([0, 1, None], pa.duration("ns")),
    pa.array(["0.12", "1", None]).cast(pa.decimal128(5, 3)),
    pa.array([[("a", 1)], None, []], pa.map_(pa.string(), pa.int32())),
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.type)[:20])
def test_any_kind_of_column_of_a_parquet_file(kind: pa.Array, tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    folder.mkdir()
    names = list(valid_tables()["shares"][0])
    pq.write_table(pa.Table.from_arrays([kind] * len(names), names=names), folder / "shares.parquet")
    told(folder)


def test_numbers_of_a_parquet_file_are_read_whatever_their_kind(tmp_path: Path) -> None:
    tables = typed_tables(valid_tables())
    pack = write_parquet(tmp_path / "pack", tables)
    found = pq.read_table(pack / "shares.parquet").select(range(4))
    share = pa.array([row[4] for row in tables["shares"][1:]])
    for kind in (pa.float64(), pa.decimal128(10, 6), pa.string()):
        rest = [share.cast(kind), *(pa.nulls(len(share), pa.float64()) for _ in range(2))]
        year = pa.array([2024.0] * len(share)) if kind == pa.float64() else pa.array([2024] * len(share), pa.int16())
        columns = [
            *found.columns,
            *rest,
            year,
            *(pa.array([row[place] for row in tables["shares"][1:]]) for place in (8, 9, 10)),
        ]
        pq.write_table(pa.Table.from_arrays(columns, names=tables["shares"][0]), pack / "shares.parquet")
        chain = load_chain(pack)
        assert chain.shares["share"].dropna().tolist() == [row[4] for row in tables["shares"][1:] if row[4] is not None]
        assert chain.shares["year"].tolist() == [2024] * len(share)


@given(data=st.data())
def test_any_frame_is_built_or_refused(data: st.DataObject) -> None:
    cells = (
        st.none()
        | st.floats()
        | st.text(max_size=3)
        | st.integers()
        | st.booleans()
        | st.dates()
        | st.binary(max_size=2)
    )
    tables = frames()
    name = data.draw(st.sampled_from(sorted(tables)))
    row = data.draw(st.integers(0, len(tables[name]) - 1))
    column = data.draw(st.integers(0, len(tables[name].columns) - 1))
    tables[name].iloc[row, column] = data.draw(cells)
    try:
        build_chain(tables)
    except DataError as error:
        assert str(error)  # noqa: PT017 - either outcome is right; the text must not fail


# --- paths and limits ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", ".", "a\x00b", "x" * 5000, "no/such/pack.xlsx", "~", "\udcff"])
def test_any_path(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert not told(Path(path)).ok


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = write_csv(tmp_path / "pack", valid_tables())
    read = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == "links.csv":
            raise PermissionError(13, "Permission denied", str(path))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    (problem,) = told(pack).errors
    assert (problem.key, problem.place.file, problem.table) == ("path_unreadable", "links.csv", "links")
    assert "Permission denied" in Words("en").problem(problem)


def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = write_csv(tmp_path / "pack", valid_tables())
    monkeypatch.setattr(
        Path, "iterdir", lambda path: (_ for _ in ()).throw(PermissionError(13, "Permission denied", str(path)))
    )
    assert [problem.key for problem in told(pack).errors] == ["path_unreadable"]


def test_links_that_lead_nowhere_are_passed_over(tmp_path: Path) -> None:
    pack = write_csv(tmp_path / "pack", valid_tables())
    (pack / "hazards.csv").symlink_to("nowhere.csv")
    (pack / "sites.csv").mkdir()
    assert told(pack).ok


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_an_oversized_file_is_refused_unread(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_read, "MAX_BYTES", 2_000_000)
    monkeypatch.setattr(excel_read, "MAX_BYTES", 2_000_000)
    if form == "csv":
        path = write_csv(tmp_path / "pack", valid_tables())
        file = path / "shares.csv"
    else:
        path = file = write_book(tmp_path / "pack.xlsx", make_book(typed_tables(valid_tables())))
    with file.open("ab") as stream:
        stream.truncate(3_000_000)
    (problem,) = told(path).errors
    assert (problem.key, problem.place.file) == ("file_too_large", file.name)
    assert "3 MB, more than the 2 MB" in Words("en").problem(problem)
    assert "Parquet" in Words("en").problem(problem)


def test_parquet_has_no_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_read, "MAX_BYTES", 10)
    assert told(write_parquet(tmp_path / "pack", typed_tables(valid_tables()))).ok


def test_a_long_cell_is_cut_short_in_its_finding(tmp_path: Path) -> None:
    tables = valid_tables()
    put(tables, "shares", 1, "country", "x" * 5000)
    (problem,) = told(write_csv(tmp_path / "pack", tables, HEAD)).errors
    assert problem.value is not None
    assert len(problem.value) == 200
    assert problem.value.endswith("…")


def test_very_many_faults_are_all_named_in_time(tmp_path: Path) -> None:
    """Each cell of two columns is unknown and unlike the others, so that no guess is found twice."""
    tables = valid_tables()
    row = tables["shares"][1]
    tables["shares"][1:] = [[f"node_{number}", f"{number:04d}", *row[2:]] for number in range(1500)]
    report = told(write_csv(tmp_path / "pack", tables))
    assert len([problem for problem in report.errors if problem.place.column == "country"]) == 1500
    assert len([problem for problem in report.errors if problem.place.column == "node"]) == 1500
