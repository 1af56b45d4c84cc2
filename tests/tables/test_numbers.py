"""Numbers as people type them: read in the declared locale, refused in any other, never guessed."""

import math
import re

import pytest
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from pondasi.tables.numbers import LEAST_SPOKEN, LOCALES, MOST_SPOKEN, Locale, read_number, round_significant
from pondasi.words import LANGUAGES, spell_number

LIKE_NUMBERS = st.text("0123456789.,'  -+eE%\u2212\u00a0１，．", max_size=12)
VALUES = st.one_of(
    st.floats(-1e13, 1e13, allow_nan=False), st.floats(-10, 10), st.integers(-(10**9), 10**9).map(float)
).map(round_significant)


def test_the_planning_document_is_not_misread() -> None:
    """'USD 16,185 juta' meant sixteen million and was printed as sixteen thousand million."""
    assert read_number("16,185", "id").value == 16.185
    assert read_number("16,185", "en").value == 16185
    assert read_number("16,185", "en").read_back
    refused = read_number("16,185")
    assert (refused.value, refused.problem, refused.readings) == (None, "number_two_readings", (16.185, 16185.0))
    assert [spell_number(value, "id") for value in refused.readings] == [
        "enam belas koma satu delapan lima",
        "enam belas ribu seratus delapan puluh lima",
    ]


@pytest.mark.parametrize("locale", ["en", "id", "ja"])
@given(value=VALUES, grouped=st.booleans())
def test_what_a_locale_writes_it_reads(locale: Locale, value: float, grouped: bool) -> None:  # noqa: FBT001
    value = round(value, 6) if abs(value) < 1e9 else float(round(value))
    text = format_decimal(value, "#,##0.######" if grouped else "0.######", locale=locale)
    reading = read_number(text, locale)
    assert reading.value == value
    assert reading.read_back == (grouped and 1000 <= abs(value) < MOST_SPOKEN)


@given(value=VALUES)
def test_what_a_machine_writes_it_reads(value: float) -> None:
    for text in (repr(value), f"{value:.15g}", f"{value:.14e}", f" {value!r}\u00a0"):
        assert read_number(text).value == value


@given(text=LIKE_NUMBERS, locale=st.sampled_from(LOCALES))
def test_a_text_means_what_the_declared_locale_says_or_nothing(text: str, locale: Locale) -> None:
    """A value is what Python reads once the signs of the locale are exchanged; all else is a problem."""
    reading = read_number(text, locale)
    assert (reading.value is None) != (reading.problem is None)
    if reading.value is None:
        return
    plain = text.translate(str.maketrans("１，．\u2212\u00a0", "1,.- ")).strip()
    group, point = {"id": (".", ","), "machine": ("", ".")}.get(locale, (",", "."))
    assert reading.value == round_significant(float(plain.replace(group, "").replace(point, ".") if group else plain))
    if group and group in plain:
        parts = re.split(re.escape(group), re.split(re.escape(point), plain.lstrip("+-"))[0])
        assert all(len(part) == 3 for part in parts[1:])


@given(text=LIKE_NUMBERS)
def test_no_two_locales_disagree_in_silence(text: str) -> None:
    """Where no locale is declared, a text that another locale reads differently is refused or read back."""
    undeclared = read_number(text, declared=False)
    if undeclared.value is None:
        return
    others = {read_number(text, locale).value for locale in LOCALES} - {None}
    assert undeclared.read_back == (others != {undeclared.value} and abs(undeclared.value) < MOST_SPOKEN)


@given(text=LIKE_NUMBERS)
def test_machine_format_takes_no_comma(text: str) -> None:
    if "," in text or "，" in text:
        assert read_number(text).value is None


@given(text=LIKE_NUMBERS, locale=st.sampled_from(LOCALES))
def test_every_reading_that_is_offered_reads_back(text: str, locale: Locale) -> None:
    """The cure writes readings in machine format; it must be a number that can be said in words."""
    reading = read_number(text, locale)
    for value in (*reading.readings, *((reading.value,) if reading.read_back else ())):
        assert value == 0 or LEAST_SPOKEN <= abs(value) < MOST_SPOKEN
        assert read_number(f"{value:.15g}").value == value
        assert all(spell_number(value, language) for language in LANGUAGES)


@given(text=st.text(max_size=15), locale=st.sampled_from(LOCALES))
def test_any_text_is_read_or_refused(text: str, locale: Locale) -> None:
    reading = read_number(text, locale)
    assert (reading.value is None) != (reading.problem is None)
    assert reading.value is None or math.isfinite(reading.value)


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_fifteen_digits_are_kept_and_are_stable(value: float) -> None:
    kept = round_significant(value)
    assert round_significant(kept) == kept
    assert float(f"{kept:.16g}") == pytest.approx(kept, rel=1e-15)  # what a workbook stores
    assert round_significant(float(f"{kept:.16g}")) == kept
    assert math.copysign(1, round_significant(-0.0)) == 1


@pytest.mark.parametrize(
    ("text", "locale", "key", "readings"),
    [
        ("12%", "machine", "number_percent", (0.12,)),
        ("12,5 %", "id", "number_percent", (0.125,)),
        ("12,5 %", "en", "number_percent", (0.125,)),
        ("5%%", "machine", "not_a_number", ()),
        ("16,185%", "machine", "not_a_number", ()),
        ("1.234.567", "machine", "number_other_locale", (1234567.0,)),
        ("1.234,5", "en", "number_other_locale", (1234.5,)),
        ("1,234.5", "id", "number_other_locale", (1234.5,)),
        ("0.52", "id", "number_other_locale", (0.52,)),
        ("1 234", "en", "number_other_locale", (1234.0,)),
        ("1,23,456", "en", "not_a_number", ()),
        ("0,123,456", "en", "not_a_number", ()),
        ("12,34", "en", "number_other_locale", (12.34,)),
        ("1_000", "machine", "not_a_number", ()),
        ("٣", "machine", "not_a_number", ()),
        ("½", "machine", "not_a_number", ()),
        ("①", "machine", "not_a_number", ()),
        ("10²", "machine", "number_with_text", ()),
        ("3 juta", "id", "number_with_text", ()),
        ("3億", "ja", "number_with_text", ()),
        ("€3", "machine", "number_with_text", ()),
        ("1e309", "machine", "number_beyond_range", ()),
        ("1e-330", "machine", "number_beyond_range", ()),
        ("1,000,000,000,000,000", "machine", "number_beyond_range", ()),
        ("0,00001", "machine", "number_beyond_range", ()),
        ("", "machine", "not_a_number", ()),
        ("infinity", "machine", "not_a_number", ()),
        ("0x1F", "machine", "number_with_text", ()),
    ],
)
def test_what_is_refused_and_why(text: str, locale: Locale, key: str, readings: tuple[float, ...]) -> None:
    reading = read_number(text, locale)
    assert (reading.value, reading.problem, reading.readings) == (None, key, readings)


@pytest.mark.parametrize(
    ("text", "locale", "value"),
    [
        ("１２．５", "machine", 12.5),
        ("\u2212５", "machine", -5),
        ("+.5", "machine", 0.5),
        ("5.", "machine", 5),
        ("1.5E+09", "machine", 1.5e9),
        ("1.5e9", "en", 1.5e9),
        ("1,5e9", "id", 1.5e9),
        ("１，２３４", "ja", 1234),
        ("1.234,5", "id", 1234.5),
        (",5", "id", 0.5),
        ("0e-400", "machine", 0),
        ("0.1234567890123456789", "machine", 0.123456789012346),
    ],
)
def test_what_is_read(text: str, locale: Locale, value: float) -> None:
    assert read_number(text, locale).value == value
