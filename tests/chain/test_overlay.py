"""National figures over the public chain: sums hold, what is untouched stays, and nothing is written back."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pondasi.chain.load import check_pack, load_world, world_path
from pondasi.chain.overlay import TOUCHED, Overlay, check_overlay, is_overlay, lay_over, load_overlay
from pondasi.chain.records import CHAIN_TABLES, World
from pondasi.errors import DataError, UsageError
from pondasi.tables.dictionary import load_dictionary
from tests.chain.random_chains import TYPES, change, make_chain, random_chains

HEAD = 'id = "moi-2026"\nowner = "Ministry"\nsecrecy = "confidential"\nlocale = "machine"\n'
SHARE = "node,country,firm,basis,share,low,high,year,grade,source,note\n"


@pytest.fixture(scope="module")
def world():
    return load_world()


@pytest.fixture
def folder(tmp_path):
    def write(head=HEAD, **tables):
        path = tmp_path / "overlay"
        path.mkdir(exist_ok=True)
        (path / "overlay.toml").write_text(head, encoding="utf-8")
        for name, text in tables.items():
            (path / f"{name}.csv").write_text(text, encoding="utf-8")
        return path

    return write


def overlay_of(rows, name="o", owner="x", secrecy="internal"):
    """Make an overlay of shares (node, country, basis, share) in memory."""
    columns = load_dictionary().tables["shares"]
    frame = pd.DataFrame(
        [
            {"node": node, "country": country, "basis": basis, "share": share, "low": share, "high": share,
             "year": 2025, "grade": "estimated", "source": "s"}
            for node, country, basis, share in rows
        ],
        columns=list(columns),
    ).astype({column.name: TYPES.get(column.type, "str") for column in columns.values()})  # fmt: skip
    return Overlay(name, owner, secrecy, {"shares": frame}, {"shares": [place(name, row) for row in range(len(frame))]})


def place(name, row):
    from pondasi.errors import Place

    return Place(f"{name}/shares.csv", None, row + 2)


@cache
def small_world():
    """Return a chain in which shares of the wafer add up to one, and of the chip to 0.9."""
    return World(
        make_chain(
            {"wafer": 100.0, "chip": 1000.0, "use": 1000.0},
            [("wafer", "chip", "flow", 1.0), ("chip", "use", "flow", 1.0)],
            {
                "wafer": {"JPN": (0.6, 0.4, 0.7), "KOR": (0.3, 0.2, 0.4), "DEU": (0.1, 0.0, 0.2)},
                "chip": {"TWN": (0.6, 0.5, 0.7), "KOR": (0.3, 0.2, 0.4)},
                "use": {"IDN": 0.25, "JPN": 0.75},
            },
            users={"use": 5000.0},
        ),
        {},
    )


def shares_of(world, node, basis="location"):
    rows = world.chain.shares
    rows = rows[(rows["node"] == node) & (rows["basis"] == basis) & rows["firm"].isna()]
    return rows.set_index("country")["share"].to_dict()


# --- by hand -------------------------------------------------------------------------------------


def test_the_others_make_room_by_one_factor():
    """Indonesia is new in wafers with 0.1; 0.9 is left for the others: each by 0.9."""
    world = small_world()
    laid = lay_over(world, [overlay_of([("wafer", "IDN", "location", 0.1)])])
    assert shares_of(laid, "wafer") == pytest.approx({"JPN": 0.54, "KOR": 0.27, "DEU": 0.09, "IDN": 0.1})
    assert shares_of(laid, "wafer", "control") == shares_of(world, "wafer", "control"), "the other basis stays"


def test_room_is_made_inside_the_intervals():
    """Indonesia with 0.35: 0.65 is left; Japan stops at 0.4 and Korea at 0.2, so Germany gives way to 0.05."""
    laid = lay_over(small_world(), [overlay_of([("wafer", "IDN", "location", 0.35)])])
    assert shares_of(laid, "wafer") == pytest.approx({"JPN": 0.4, "KOR": 0.2, "DEU": 0.05, "IDN": 0.35})


def test_what_is_left_over_takes_up_the_difference():
    """0.1 of chips is the rest of the world: 0.08 for Indonesia comes out of it, and the others stay to the bit."""
    world = small_world()
    laid = lay_over(world, [overlay_of([("chip", "IDN", "location", 0.08)])])
    assert shares_of(laid, "chip") == {**shares_of(world, "chip"), "IDN": 0.08}
    laid = lay_over(world, [overlay_of([("chip", "IDN", "location", 0.2)])])
    assert sum(shares_of(laid, "chip").values()) == pytest.approx(1.0)
    assert shares_of(laid, "chip")["TWN"] == pytest.approx(0.6 * 0.8 / 0.9)


def test_an_unknown_share_leaves_its_part_unknown():
    world = small_world()
    laid = lay_over(world, [overlay_of([("wafer", "DEU", "location", np.nan)])])
    assert np.isnan(shares_of(laid, "wafer")["DEU"])
    assert shares_of(laid, "wafer")["JPN"] == 0.6


def test_where_there_is_no_room_every_node_is_named():
    rows = [("wafer", "IDN", "location", 0.5), ("use", "MYS", "location", 0.1)]
    with pytest.raises(DataError) as caught:
        lay_over(small_world(), [overlay_of(rows)])
    found = {problem.fields["node"]: problem for problem in caught.value.problems if problem.key == "overlay_no_room"}
    assert set(found) == {"wafer", "use"}
    assert found["wafer"].place.file == "o/shares.csv"
    assert found["wafer"].fields["low"] == pytest.approx(0.6)
    assert "0.5" in str(caught.value)


def test_firms_give_way_with_their_country():
    world = small_world()
    firm = world.chain.shares.query("node == 'wafer' and country == 'JPN' and basis == 'location'").assign(
        firm="Maker", share=0.6, low=0.3
    )
    shares = pd.concat([world.chain.shares, firm], ignore_index=True)
    laid = lay_over(World(change(world.chain, shares=shares), {}), [overlay_of([("wafer", "IDN", "location", 0.1)])])
    found = laid.chain.shares.set_index("firm")["share"]
    assert found["Maker"] == pytest.approx(0.54)


# --- properties ----------------------------------------------------------------------------------


@st.composite
def overlays(draw, countries=("IDN", "MYS", "JPN", "KOR", "DEU", "TWN"), name="o"):
    nodes = draw(st.lists(st.sampled_from(["wafer", "chip"]), unique=True, min_size=1, max_size=2))
    rows = []
    for node in nodes:
        for country in draw(st.lists(st.sampled_from(countries), unique=True, min_size=1, max_size=3)):
            basis = draw(st.sampled_from(["location", "control"]))
            rows.append((node, country, basis, draw(st.floats(0.0, 0.4).map(lambda share: round(share, 4)))))
    return overlay_of(rows, name)


def try_lay(world, laid):
    try:
        return lay_over(world, laid)
    except DataError:
        return None


@given(overlays())
@settings(max_examples=40)
def test_sums_hold_stated_rows_hold_and_the_rest_stays_to_the_bit(overlay):
    world = small_world()
    laid = try_lay(world, [overlay])
    assume(laid is not None)
    stated = overlay.tables["shares"]
    touched = set(zip(stated["node"], stated["basis"], strict=True))
    for node in ("wafer", "chip", "use"):
        for basis in ("location", "control"):
            before, after = shares_of(world, node, basis), shares_of(laid, node, basis)
            if (node, basis) not in touched:
                assert after == before
                continue
            mine = stated[(stated["node"] == node) & (stated["basis"] == basis)].set_index("country")["share"]
            assert {country: after[country] for country in mine.index} == mine.to_dict()
            others = {country: share for country, share in after.items() if country not in mine.index}
            if others:
                total = sum(after.values())
                assert total <= 1 + 1e-9
                if sum(before.values()) > 0.98:
                    assert total == pytest.approx(sum(before.values()))
            frame = laid.chain.shares
            rows = frame[(frame["node"] == node) & (frame["basis"] == basis) & frame["country"].isin(list(others))]
            assert (rows["low"] - 1e-12 <= rows["share"]).all()
            assert (rows["share"] <= rows["high"] + 1e-12).all()
    for table in set(CHAIN_TABLES) - {"shares"}:
        pd.testing.assert_frame_equal(laid.chain.tables[table], world.chain.tables[table], check_exact=True)
    assert world.chain.hash == small_world.__wrapped__().chain.hash, "nothing is written back"
    assert [mark.id for mark in laid.chain.overlays] == ["o"]


@given(random_chains(spread=True), st.data())
@settings(max_examples=25)
def test_on_any_chain_a_stated_share_holds_and_the_node_stays_whole(chain, data):
    world = World(chain, {})
    node = data.draw(st.sampled_from(sorted(set(chain.shares["node"]))))
    country, basis = (
        data.draw(st.sampled_from(["IDN", "JPN", "MYS"])),
        data.draw(st.sampled_from(["location", "control"])),
    )
    share = data.draw(st.floats(0.0, 0.3).map(lambda value: round(value, 6)))
    laid = try_lay(world, [overlay_of([(node, country, basis, share)])])
    assume(laid is not None)
    after = shares_of(laid, node, basis)
    assert after[country] == share
    if len(after) > 1:
        assert sum(after.values()) == pytest.approx(sum(shares_of(world, node, basis).values()), abs=1e-8)
    before, frame = chain.shares, laid.chain.shares
    others = [table[(table["node"] != node) | (table["basis"] != basis)] for table in (before, frame)]
    pd.testing.assert_frame_equal(*(table.reset_index(drop=True) for table in others), check_exact=True)


@given(overlays(("IDN", "MYS"), "a"), overlays(("JPN", "KOR", "DEU"), "b"))
@settings(max_examples=25)
def test_the_order_of_two_that_share_no_row_does_not_matter(first, second):
    world = small_world()
    laid, turned = try_lay(world, [first, second]), try_lay(world, [second, first])
    assert (laid is None) == (turned is None)
    if laid is not None:
        assert laid.chain.hash == turned.chain.hash
        assert {mark.id for mark in laid.chain.overlays} == {mark.id for mark in turned.chain.overlays}


def test_an_empty_overlay_changes_nothing_but_is_named(world, folder):
    laid = lay_over(world, [load_overlay(folder())])
    for name in CHAIN_TABLES:
        pd.testing.assert_frame_equal(laid.chain.tables[name], world.chain.tables[name], check_exact=True)
    for name, table in world.companions.items():
        pd.testing.assert_frame_equal(laid.companions[name], table, check_exact=True)
    assert laid.chain.hash == world.chain.hash
    assert [mark.id for mark in laid.chain.overlays] == ["moi-2026"]
    assert "+ moi-2026" in str(laid.chain)
    assert lay_over(world, []) is world


def test_the_same_figures_change_nothing(world):
    rows = world.chain.shares.head(30)
    from pondasi.errors import Place

    same = Overlay("same", "x", "open", {"shares": rows}, {"shares": [Place("shares.csv", None, 2)] * len(rows)})
    assert lay_over(world, [same]).chain.hash == world.chain.hash


def test_of_two_that_state_the_same_row_the_later_one_holds():
    first, second = (
        overlay_of([("wafer", "IDN", "location", share)], name) for name, share in (("a", 0.1), ("b", 0.2))
    )
    assert shares_of(lay_over(small_world(), [first, second]), "wafer")["IDN"] == 0.2
    assert shares_of(lay_over(small_world(), [second, first]), "wafer")["IDN"] == 0.1
    with pytest.raises(UsageError):
        lay_over(small_world(), [first, first])


# --- files ---------------------------------------------------------------------------------------


def test_an_overlay_is_read_from_a_folder_with_its_own_source(world, folder):
    path = folder(
        shares=SHARE + "atp_wirebond,IDN,,location,0.012,0.01,0.015,2025,exact,survey,\n",
        sources="source,publisher,title,year,url,licence,evidence,confidence\nsurvey,Ministry,Survey of plants,2026,,own,seen,high\n",
    )
    assert is_overlay(path)
    assert not is_overlay(world_path())
    report = check_overlay(path, world)
    assert report.ok, [str(problem) for problem in report.errors]
    laid = lay_over(world, [load_overlay(path)])
    row = laid.chain.shares.query("node == 'atp_wirebond' and country == 'IDN' and basis == 'location'").iloc[0]
    assert row["share"] == 0.012
    assert row["source"] == "survey"
    assert len(laid.chain.shares) == len(world.chain.shares), "the row is replaced, not added"
    assert "survey" in set(laid.chain.sources["source"])
    assert laid.chain.hash != world.chain.hash
    assert laid.chain.overlays[0].secrecy == "confidential"
    assert check_pack(world_path()).ok


def test_every_table_of_the_world_may_be_laid_over(world):
    assert set(TOUCHED) == {*CHAIN_TABLES, *world.companions}


def test_companions_may_be_laid_over_too(world, folder):
    path = folder(
        capability="country,indicator,value,low,high,unit,year,grade,source,note\n"
        "IDN,logistics_index,3.4,,,index,2026,exact,wdi_2026,\n"
    )
    laid = lay_over(world, [load_overlay(path)])
    table = laid.companions["capability"].set_index(["indicator", "country"])["value"]
    assert table[("logistics_index", "IDN")] == 3.4
    assert laid.chain.hash == world.chain.hash


@pytest.mark.parametrize(
    ("head", "tables", "keys"),
    [
        ('id = "a"\n', {}, {"overlay_secrecy"}),
        (HEAD.replace("confidential", "confidental"), {"shares": SHARE}, {"overlay_secrecy"}),
        (HEAD.replace('"moi-2026"', '""'), {"shares": SHARE + "chip_dram,IDN,,location,0.1,0,0.2,2025,exact,x,\n"}, {"overlay_head_value"}),
        (HEAD, {"demand": "node\n"}, {"overlay_table"}),
        (HEAD, {"shares": SHARE + "chip_dram,IDN,,location,nil,,,2025,exact,wdi_2026,\n"}, {"not_a_number"}),
        (HEAD, {"shares": SHARE + "chip_dramm,IDN,,location,0.1,0,0.2,2025,exact,wdi_2026,\n"}, {"reference_unknown_guess"}),
        (HEAD, {"shares": SHARE + "chip_dram,IDN,,location,0.1,0,0.2,2025,exact,survey,\n"}, {"reference_unknown"}),
        (HEAD, {"shares": SHARE + "litho_euv,IDN,,location,0.9,0,1,2025,exact,wdi_2026,\n"}, {"overlay_no_room"}),
    ],
)  # fmt: skip
def test_every_fault_is_named_with_its_place(world, folder, head, tables, keys):
    report = check_overlay(folder(head, **tables), world)
    assert not report.ok
    assert keys <= {problem.key for problem in report.errors}
    for problem in report.errors:
        assert problem.place.file in {"overlay.toml", *(f"{name}.csv" for name in tables)}


def test_a_folder_without_its_head_is_no_overlay(world, tmp_path):
    report = check_overlay(tmp_path, world)
    assert {problem.key for problem in report.errors} >= {"overlay_head_missing"}
    with pytest.raises(DataError, match=r"overlay\.toml"):
        load_overlay(tmp_path)
