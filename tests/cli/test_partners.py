"""`pondasi partners`: a table in every language, a run left behind, and files for other programs."""

import json

import openpyxl
import pandas as pd
import pytest

from pondasi.cli import main
from pondasi.cli.partners import tell_partners, title_tables
from pondasi.currency import find_rate, in_millions
from pondasi.errors import UsageError
from pondasi.plan.partners import share_value
from pondasi.tables.results import save_results
from pondasi.words import Words
from tests.plan.random_plans import make_plan


@pytest.fixture(scope="module")
def values():
    problem = make_plan(8, years=3, gates=(1,), steps=3, partners=3, scenarios=2)
    labels = type(problem.labels)(
        **{
            **{name: getattr(problem.labels, name) for name in problem.labels.__dataclass_fields__},
            "partners": ("JPN", "KOR", "DEU"),
            "purses": ("state", "private", "JPN", "KOR", "DEU"),
        }
    )
    return share_value(problem.change(labels=labels), gap=1e-4)


@pytest.mark.parametrize(("language", "name"), [("en", "Japan"), ("id", "Jepang"), ("ja", "日本")])
def test_partners_are_told_in_every_language(values, language, name):
    told = "\n".join(tell_partners(values, Words(language), "plain"))
    assert name in told
    assert "{" not in told
    first = values.table.index[0]
    assert (
        next(iter(title_tables(values, Words(language), "plain").values())).iloc[0, 1]
        == values.table.loc[first, "shapley"]
    )


def test_results_go_into_a_workbook_or_a_table(values, tmp_path):
    tables = title_tables(values, Words("en"), "plain")
    save_results(tmp_path / "partners.xlsx", tables)
    book = openpyxl.load_workbook(tmp_path / "partners.xlsx")
    assert book.sheetnames == ["Partners", "Groups of partners", "What is said"]
    rows = list(book["Partners"].values)
    assert rows[0][:2] == ("Partner", "Share, million USD")
    assert rows[1][1] == pytest.approx(values.table["shapley"].iloc[0])
    assert len(list(book["Groups of partners"].values)) == 1 + len(values.coalitions)
    save_results(tmp_path / "partners.csv", tables)
    assert pd.read_csv(tmp_path / "partners.csv")["Share, million USD"].tolist() == pytest.approx(
        values.table["shapley"].tolist()
    )
    with pytest.raises(UsageError, match="xlsx"):
        save_results(tmp_path / "partners.txt", tables)


@pytest.mark.parametrize(
    ("language", "currency", "unit"),
    [
        ("en", "IDR", "billion IDR"),
        ("id", "IDR", "miliar rupiah"),
        ("ja", "JPY", "百万円"),
        ("ja", "USD", "百万米ドル"),
    ],
)
def test_partners_are_told_in_the_currency_of_the_reader(values, language, currency, unit):
    rate = find_rate(currency)
    words, scale = Words(language, rate), 1e9 if currency == "IDR" else 1e6
    title, *table = tell_partners(values, words, "plain")
    assert unit in title
    together = values.everyone[1] - values.none[0]
    assert words.say("plan.reason.one", value=in_millions(together)) in "\n".join(table)
    shares, groups, said = title_tables(values, words, "plain", ["the rate"]).values()
    assert sum(unit in column for column in shares.columns) == 9
    assert sum(unit in column for column in groups.columns) == 2
    factor = 1e6 * rate.per_usd / scale
    assert shares.iloc[:, 1].to_numpy() == pytest.approx(factor * values.table["shapley"].to_numpy())
    assert groups.iloc[:, 1].to_numpy() == pytest.approx(factor * values.coalitions["low"].to_numpy())
    assert said.iloc[-1, 0] == "the rate"


@pytest.mark.slow
def test_a_short_search_leaves_a_run_with_intervals_that_hold_together(run_partners, tmp_path):
    code, out, _ = run_partners("--scenarios", 3, "--seconds", 1, "--out", tmp_path / "partners.csv", "--json")
    answer = json.loads(out)
    measures = answer["measures"][0]
    assert code == (0 if measures["separated"] else 1)
    table = pd.read_parquet(f"{answer['run']}/tables/partners.parquet")
    assert (table["shapley_low"] <= table["shapley_high"]).all()
    assert (tmp_path / "partners.csv").is_file()
    manifest = json.loads(next((tmp_path / "runs").glob("*-partners-*/manifest.json")).read_text(encoding="utf-8"))
    assert manifest["options"] == {"home": "IDN", "quick": False, "seconds": 1.0, "scenarios": 3, "offers": 2}


@pytest.fixture
def run_partners(capsys, tmp_path):
    def call(*arguments):
        code = main(["partners", "IDN", "--workspace", str(tmp_path), *(str(argument) for argument in arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call
