"""Pictures: text that wraps, textures that show grades, titles for those who cannot see."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pondasi.report.charts.ranked_bars import Bar, Bars, Part, draw_ranked_bars
from pondasi.report.svg import STAGES, Drawing, darken, measure_text, wrap_text

SVG = "{http://www.w3.org/2000/svg}"


@given(st.text(min_size=1, max_size=80), st.integers(1, 4))
def test_wrapped_text_fits_and_keeps_its_order(text, lines):
    rows = wrap_text(text, 120, 12, lines)
    assert len(rows) <= lines
    assert all(measure_text(row, 12) <= 120 + 12 for row in rows)
    whole = "".join("".join(row.split()) for row in rows).rstrip("…")
    assert "".join(text.split()).startswith(whole) or not whole


def test_japanese_is_as_wide_as_it_is_high():
    assert measure_text("半導体", 10) == 30


@pytest.mark.parametrize("grade", ["exact", "estimated", "assumed", "unknown"])
def test_each_grade_has_a_paint_of_its_own(grade):
    drawing = Drawing(10, 10, "t", "d", "p")
    paints = {name: str(drawing.paint("#112233", name)) for name in ("exact", "estimated", "assumed", "unknown")}
    assert sum(paint == paints[grade] for paint in paints.values()) == 1


def test_a_picture_has_a_title_and_a_description():
    root = ET.fromstring(str(Drawing(10, 10, "Title & more", "What is seen", "p")))
    assert root.get("role") == "img"
    assert root.get("aria-label") == "Title & more"
    assert root.find(f"{SVG}desc[@id='{root.get('aria-describedby')}']").text == "What is seen"


def draw(bars, **more):
    return ET.fromstring(draw_ranked_bars(Bars("b", "t", "d", bars, lambda tick: f"{tick:g}", **more)))


def test_bars_start_at_zero_and_are_as_long_as_their_values():
    bars = [Bar("A", (Part(0.2, "#000000", "exact"),), "20"), Bar("B", (Part(0.1, "#000000", "exact"),), "10")]
    first, second = (float(rect.get("width")) for rect in draw(bars).iter(f"{SVG}rect"))
    assert first == pytest.approx(2 * second, abs=0.02)
    assert len({rect.get("x") for rect in draw(bars).iter(f"{SVG}rect")}) == 1


def test_an_interval_is_drawn_only_where_there_is_one():
    part = (Part(0.2, "#000000", "exact"),)
    whiskers = [
        len([line for line in draw([bar]).iter(f"{SVG}line") if line.get("stroke") == "#1B1B1E"])
        for bar in (Bar("A", part, "", 0.1, 0.3), Bar("A", part, ""), Bar("A", part, "", 0.2, 0.2))
    ]
    assert whiskers == [3, 0, 0]


def test_no_bars_make_an_empty_chart():
    assert draw([]).tag == f"{SVG}svg"


def luminance(colour):
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", sorted(STAGES.values()))
def test_every_mark_stands_out_from_the_page(colour):
    """WCAG 2.1, 1.4.11: 3:1 for marks; the outline carries it."""
    assert 1.05 / (luminance(darken(colour)) + 0.05) >= 3


def test_an_axis_has_fewer_marks_where_their_texts_would_touch():
    bars = [Bar("One", (), "", 0.0, 14.0), Bar("Two", (), "", 0.0, 9.0)]
    marks = {}
    for name, axis in (("short", str), ("long", lambda value: f"{value:g} million of a long currency")):
        root = ET.fromstring(draw_ranked_bars(Bars("b", "t", "d", bars, axis)))
        marks[name] = [float(text.get("x")) for text in root.iter(f"{SVG}text") if text.get("data-tick")]
    assert len(marks["short"]) > len(marks["long"]) >= 2
    widest = measure_text("10 million of a long currency", 11)
    assert min(after - before for before, after in zip(marks["long"], marks["long"][1:], strict=False)) > widest
