"""A small writer of SVG: shapes, text that wraps, and the textures that show how firm a figure is."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Sequence

INK, GREY, PALE, RULE, ALARM = "#1B1B1E", "#5B6470", "#C9CED6", "#E3E6EA", "#D55E00"
PILLARS = {
    "material": "#E69F00",
    "design": "#0072B2",
    "front_end": "#CC79A7",
    "back_end": "#009E73",
    "enabler": "#56B4E9",
    "user": "#5B6470",
}
STAGES = {
    "materials": "#E69F00",
    "equipment": "#56B4E9",
    "design": "#0072B2",
    "fabrication": "#CC79A7",
    "packaging": "#009E73",
    "demand": "#5B6470",
}
TINT = 0.6
FONT = "system-ui, 'Segoe UI', 'Noto Sans', 'Noto Sans CJK JP', 'Hiragino Sans', 'Yu Gothic', Meiryo, sans-serif"


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
                "aria-labelledby": f"{prefix}-title {prefix}-desc",
                "font-family": FONT,
                "class": "chart",
            },
        )
        ET.SubElement(self.root, "title", {"id": f"{prefix}-title"}).text = title
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
    ) -> None:
        """Write one line of text."""
        element = self.add("text", x=x, y=y, font_size=size, fill=fill, text_anchor=anchor, font_weight=weight)
        if tip:
            ET.SubElement(element, "title").text = tip
            ET.SubElement(element, "tspan").text = text
        else:
            element.text = text

    def paint(self, colour: str, grade: str) -> dict[str, str]:
        """Return fill and stroke that show a grade: exact solid, estimated tinted, assumed hatched."""
        if grade == "exact":
            return {"fill": colour, "stroke": colour}
        if grade == "estimated":
            return {"fill": colour, "fill_opacity": str(TINT), "stroke": colour}
        return {
            "fill": f"url(#{self._hatch(GREY if grade == 'unknown' else colour)})",
            "stroke": GREY if grade == "unknown" else colour,
        }

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


def measure_text(text: str, size: float) -> float:
    """Return about how wide a text is; East Asian signs are as wide as they are high."""
    return sum(size if unicodedata.east_asian_width(sign) in "WF" else size * 0.54 for sign in text)


def wrap_text(text: str, width: float, size: float, lines: int = 2) -> Sequence[str]:
    """Break a text into at most ``lines`` lines; what does not fit ends in an ellipsis."""
    rows: list[str] = []
    rest = text.strip()
    while rest and len(rows) < lines:
        if measure_text(rest, size) <= width:
            rows.append(rest)
            rest = ""
            break
        cut = next(index for index in range(1, len(rest) + 1) if measure_text(rest[:index], size) > width) - 1
        space = rest.rfind(" ", 0, cut + 1)
        cut = space if space > 0 else max(cut, 1)
        rows.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    if rest:
        rows[-1] = rows[-1][:-1].rstrip() + "…"
    return rows


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
