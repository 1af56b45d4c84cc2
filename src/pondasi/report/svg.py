"""A small writer of SVG: shapes, text that wraps, and the textures that show how firm a figure is."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from pondasi.report.marks import split_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

INK, GREY, PALE, RULE, ALARM = "#1B1B1E", "#5B6470", "#C9CED6", "#E3E6EA", "#D55E00"
STAGES = {
    "materials": "#E69F00",
    "equipment": "#56B4E9",
    "design": "#0072B2",
    "fabrication": "#CC79A7",
    "packaging": "#009E73",
    "demand": "#F0E442",
    "users": "#5B6470",
}
PILLARS = {
    "material": "#E69F00",
    "design": "#0072B2",
    "front_end": "#CC79A7",
    "back_end": "#009E73",
    "enabler": "#56B4E9",
}
LETTERS = dict(zip(STAGES, "ABCDEFG", strict=True))
"""A letter for each stage, so that no bar tells its stage by colour alone."""
TINT = 0.6
SHADE = 0.65
CUT = "…"
AFTER, NEVER_FIRST, NEVER_LAST = " ・、）", "ー・、。）」％〜ァィゥェォッャュョ", "（「"
"""Signs after which a Japanese line breaks best, and signs that may not begin or end a line."""
FONT = "'Noto Sans', 'Segoe UI', 'Helvetica Neue', 'Noto Sans CJK JP', 'Hiragino Sans', 'Yu Gothic', Meiryo, sans-serif"


class Drawing:
    """An SVG picture with a title and a description for those who cannot see it."""

    def __init__(self, width: float, height: float, title: str, description: str, prefix: str) -> None:
        self.width, self.height, self.prefix = width, height, prefix
        self.root = ET.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "viewBox": f"0 0 {_short(width)} {_short(height)}",
                "role": "img",
                "aria-label": title,
                "aria-describedby": f"{prefix}-desc",
                "font-family": FONT,
                "class": "chart",
            },
        )
        ET.SubElement(self.root, "desc", {"id": f"{prefix}-desc"}).text = description
        self.defs = ET.SubElement(self.root, "defs")
        self._patterns: dict[str, str] = {}

    def add(
        self, tag: str, *, tip: str = "", paint: dict[str, str] | None = None, **attributes: float | str
    ) -> ET.Element:
        """Add a shape; ``stroke_width`` is written ``stroke-width``. ``tip`` is shown on hover."""
        return self._add(self.root, tag, tip, {**attributes, **(paint or {})})

    def _add(self, target: ET.Element, tag: str, tip: str, attributes: dict[str, float | str]) -> ET.Element:
        values = {
            key.strip("_").replace("_", "-"): _short(value) if isinstance(value, (int, float)) else value
            for key, value in attributes.items()
        }
        element = ET.SubElement(target, tag, values)
        if tip:
            ET.SubElement(element, "title").text = tip
        return element

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 12,
        fill: str = INK,
        anchor: str = "start",
        weight: str = "400",
        tip: str = "",
        row: str = "",
        tick: bool = False,
        halo: bool = False,
    ) -> None:
        """Write one line of text.

        A marked text leads to its figures; ``row`` is the row that the whole line names, ``tick`` tells
        that it counts an axis, ``halo`` that lines or fills lie below.
        """
        about = {"data-row": row} if row else {"data-tick": "1"} if tick else {}
        ring = {"paint-order": "stroke", "stroke": "#FFFFFF", "stroke-width": "3"} if halo else {}
        element = self.add(
            "text", x=x, y=y, font_size=size, fill=fill, text_anchor=anchor, font_weight=weight, paint={**about, **ring}
        )
        if tip:
            ET.SubElement(element, "title").text = tip
        for run in split_runs(text):
            if run.kind == "figure":
                ET.SubElement(element, "tspan", {"data-figure": run.place}).text = run.text
            else:
                ET.SubElement(element, "tspan").text = run.text

    def paint(self, colour: str, grade: str) -> dict[str, str]:
        """Return fill and outline that show a grade: exact solid, estimated tinted, assumed and unknown hatched.

        The outline is darker than the fill, so that every mark has a contrast of 3:1 with the page.
        """
        base = GREY if grade == "unknown" else colour
        edge = darken(base)
        if grade == "exact":
            return {"fill": base, "stroke": edge}
        if grade == "estimated":
            return {"fill": base, "fill_opacity": str(TINT), "stroke": edge}
        return {"fill": f"url(#{self._hatch(base)})", "stroke": edge}

    def _hatch(self, colour: str) -> str:
        if colour not in self._patterns:
            name = f"{self.prefix}-hatch-{len(self._patterns)}"
            size: dict[str, float | str] = {
                "id": name,
                "width": 6,
                "height": 6,
                "patternUnits": "userSpaceOnUse",
                "patternTransform": "rotate(45)",
            }
            pattern = self._add(self.defs, "pattern", "", size)
            self._add(pattern, "rect", "", {"width": 6, "height": 6, "fill": "#FFFFFF"})
            self._add(pattern, "line", "", {"x1": 0, "y1": 0, "x2": 0, "y2": 6, "stroke": colour, "stroke_width": 4})
            self._patterns[colour] = name
        return self._patterns[colour]

    def __str__(self) -> str:
        """Return the picture as text that stands inside a page."""
        if not len(self.defs):
            self.root.remove(self.defs)
        return ET.tostring(self.root, encoding="unicode", short_empty_elements=True)


def darken(colour: str) -> str:
    """Return a darker tone of a colour, for outlines.

    Example
    -------
    >>> darken("#E69F00")
    '#956700'
    """
    parts = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return "#" + "".join(f"{int(part * SHADE):02X}" for part in parts)


def measure_text(text: str, size: float, weight: str = "400") -> float:
    """Return about how wide a text is; East Asian signs are as wide as they are high."""
    narrow = size * (0.54 if weight == "400" else 0.61)
    return sum(size if _is_wide(sign) else narrow for sign in text)


def wrap_text(text: str, width: float, size: float, lines: int = 2, weight: str = "400") -> Sequence[str]:
    """Break a text into at most ``lines`` lines; what does not fit ends in an ellipsis.

    Example
    -------
    >>> wrap_text("Wire-bond assembly", 70, 10), wrap_text("ロジック前工程（28nm以上）", 120, 10)
    (['Wire-bond', 'assembly'], ['ロジック前工程', '（28nm以上）'])
    """
    rows: list[str] = []
    rest = text.strip()
    while rest and len(rows) < lines:
        if measure_text(rest, size, weight) <= width:
            rows.append(rest)
            rest = ""
            break
        most = next(end for end in range(1, len(rest) + 1) if measure_text(rest[:end], size, weight) > width) - 1
        cut = _find_break(rest, max(most, 1), lambda tail: measure_text(tail, size, weight) <= width)
        rows.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    if rest:
        rows[-1] = rows[-1][:-1].rstrip() + CUT
    return rows


def fit_text(
    text: str, width: float, sizes: Sequence[float], lines: int = 2, weight: str = "400"
) -> tuple[Sequence[str], float]:
    """Break a text at the largest of some sizes at which it fits whole; at the smallest it may be cut.

    Example
    -------
    >>> fit_text("Crystal growing", 52, (12, 8)), fit_text("Dicing", 90, (12, 8))
    ((['Crystal', 'growing'], 12), (['Dicing'], 12))
    """
    for size in sizes:
        rows = wrap_text(text, width, size, lines, weight)
        if not rows or not rows[-1].endswith(CUT) or text.endswith(CUT):
            break
    return rows, size


def _find_break(text: str, most: int, fits: Callable[[str], bool]) -> int:
    """Return where to break a text of which ``most`` signs fit: at a space, or where Japanese allows it best."""
    if not any(map(_is_wide, text)):
        space = text.rfind(" ", 0, most + 1)
        return space if space > 0 else most
    places = range(most, most // 3, -1)
    allowed = [at for at in places if _may_part(text[at - 1], text[at : at + 1])]
    bracket = next((at for at in allowed if text[at : at + 1] == "（" and fits(text[at:])), 0)
    comma = next((at for at in allowed if text[at - 1] in AFTER or text[at : at + 1] in {"（", " "}), 0)
    word = next((at for at in allowed if _script(text[at - 1]) != _script(text[at : at + 1])), 0)
    return bracket or comma or word or next(iter(allowed), most)


def _may_part(before: str, after: str) -> bool:
    """Tell whether a line may end between two signs."""
    word = before.isascii() and after.isascii() and before.isalnum() and after.isalnum()
    return not (word or after in NEVER_FIRST or before in NEVER_LAST)


def _script(sign: str) -> str:
    """Return the kind of writing of a sign: words of Japanese mostly begin where it changes."""
    return unicodedata.name(sign, "").split(" ", 1)[0] if sign and sign not in NEVER_FIRST else ""


def _is_wide(sign: str) -> bool:
    return unicodedata.east_asian_width(sign) in "WF"


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
