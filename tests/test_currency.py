"""Money is shown at a dated, sourced rate and computed in USD alone."""

import pytest

from pondasi.chain.load import load_chain
from pondasi.currency import Money, find_rate, in_millions, list_currencies
from pondasi.errors import UsageError
from pondasi.facts import GRADES, Figure
from pondasi.report.numbers import Numbers
from pondasi.words import LANGUAGES, Words


def test_every_rate_has_a_year_a_grade_and_a_source_that_exists():
    sources = set(load_chain().sources["source"])
    for currency in list_currencies():
        rate = find_rate(currency)
        assert rate.per_usd > 0
        assert rate.grade in GRADES
        assert set(rate.names) == set(LANGUAGES)
        assert (rate.source in sources) if currency != "USD" else (rate.source == "")


def test_a_figure_keeps_all_but_its_money():
    figure = Figure(2.0, "USD/year", 1.0, 4.0, 2024, "estimated", ("a",), ("nodes/x",))
    rate = find_rate("idr")
    shown = rate.convert(figure)
    assert (shown.value, shown.low, shown.high) == (2 * rate.per_usd, rate.per_usd, 4 * rate.per_usd)
    assert (shown.unit, shown.year, shown.grade, shown.sources) == ("IDR/year", 2024, "estimated", ("a",))
    assert rate.convert(Figure(None, "USD")).value is None
    assert rate.convert(Figure(0.5, "fraction")) == Figure(0.5, "fraction")
    assert find_rate().convert(figure) == figure


@pytest.mark.parametrize(
    ("currency", "shown"),
    [
        ("USD", ["4.9 (4.5 to 5.3) billion USD", "4,9 (4,5 sampai 5,3) miliar USD", "49億米ドル（45〜53億米ドル）"]),
        ("IDR", ["81 (74 to 87) trillion IDR", "81 (74 sampai 87) triliun rupiah", "81兆ルピア（74〜87兆ルピア）"]),
        ("JPY", ["730 (670 to 790) billion JPY", "730 (670 sampai 790) miliar yen", "7,300億円（6,700〜7,900億円）"]),
    ],
)
def test_an_amount_is_shown_with_the_digits_of_its_interval(currency, shown):
    numbers = [Numbers(Words(language), find_rate(currency)) for language in LANGUAGES]
    assert [one.money_interval(4.9e9, 4.5e9, 5.3e9) for one in numbers] == shown


def test_the_rate_is_said_with_its_year_and_who_states_it():
    note = Numbers(Words("en"), find_rate("IDR")).rate_note("World Bank")
    assert "16,478 per USD" in note
    assert "2025" in note
    assert "World Bank" in note


@pytest.mark.parametrize(
    ("currency", "shown"),
    [
        ("USD", ["1.23 billion USD", "1,23 miliar USD", "12.3億米ドル"]),
        ("IDR", ["20.3 trillion IDR", "20,3 triliun rupiah", "20.3兆ルピア"]),
        ("JPY", ["185 billion JPY", "185 miliar yen", "1,850億円"]),
    ],
)
def test_an_amount_in_a_text_is_in_the_currency_of_the_words(currency, shown):
    told = [Words(language).at(find_rate(currency)) for language in LANGUAGES]
    assert [words.say("plan.reason.one", value=in_millions(1234.0, 3)) for words in told] == shown
    assert [words.say("plan.reason.one", value=Money(1.234e9, 3)) for words in told] == shown


@pytest.mark.parametrize(
    ("usd", "shown"),
    [
        (0.0, "0 USD"),
        (-0.0, "0 USD"),
        (1e-3, "0 USD"),
        (-1e-3, "0 USD"),
        (7e6, "7 million USD"),
        (-3.4e6, "-3.4 million USD"),
    ],
)
def test_an_amount_in_a_text_has_no_idle_decimals(usd, shown):
    assert Words("en").say("plan.reason.one", value=Money(usd)) == shown
    assert Words("en").say("plan.reason.one", value=Money(usd, 3)) == shown


def test_what_is_needed_is_never_rounded_down():
    for rate in map(find_rate, list_currencies()):
        for usd in (1.0, 12.34, 40.1e6, 99.94e6, 1.2301e9):
            up = Money(usd, 3, up=True).round_in(rate)
            assert usd * rate.per_usd * (1 - 1e-8) <= up <= usd * rate.per_usd * 1.01
    assert Money(40.1e6, 3, up=True).round_in(find_rate()) == pytest.approx(40.1e6)


def test_a_currency_without_a_rate_is_refused():
    with pytest.raises(UsageError, match="IDR, JPY"):
        find_rate("XAU")
