"""The brief as a PDF for print and post, set by typst from the same content as the page.

The file is tagged (PDF/UA-1), its fonts are embedded, and equal content gives equal bytes. Fonts come from the
system where it has Noto, otherwise from the extra: a Japanese face from matplotlib-fontja, a Latin one from
matplotlib.
"""

from __future__ import annotations

import json
import tempfile
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pondasi.errors import MissingExtraError
from pondasi.report.blocks import HEADLINES
from pondasi.report.content import tell_brief
from pondasi.report.numbers import Numbers
from pondasi.report.page import CHART_SOURCES, STEPS, name_unit

if TYPE_CHECKING:
    from pondasi.report.brief import Brief
    from pondasi.words import Words

FONTS = {
    "en": ("Noto Sans", "Noto Sans CJK JP", "DejaVu Sans", "IPAexGothic"),
    "id": ("Noto Sans", "Noto Sans CJK JP", "DejaVu Sans", "IPAexGothic"),
    "ja": ("Noto Sans CJK JP", "Noto Sans JP", "IPAexGothic", "DejaVu Sans"),
}
"""Families that are asked for, the first that is there taken."""
STANDARD: Literal["ua-1"] = "ua-1"
OWN_TEXTS = ("hint", "annex", "data", "shown", "manifest")
"""Texts that the paper alone says."""


def render_paper(brief: Brief, words: Words, *, system_fonts: bool = True) -> bytes:
    """Return the brief as a PDF.

    Parameters
    ----------
    brief, words
        The brief and the catalogue of its language.
    system_fonts
        Whether fonts of the system may be used; without them the extra's own are.

    Raises
    ------
    MissingExtraError
        If the extra ``pdf`` is not installed.
    """
    try:
        import typst
    except ModuleNotFoundError as error:
        raise MissingExtraError("extra_pdf") from error
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        (room / "content.json").write_text(json.dumps(_gather(brief, words), ensure_ascii=False), encoding="utf-8")
        for section in brief.sections:
            for chart in section.blocks:
                (room / f"{chart.id}.svg").write_text(chart.svg, encoding="utf-8")
        template = resources.files("pondasi.report") / "templates" / "brief.typ"
        (room / "brief.typ").write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
        made = typst.compile(
            room / "brief.typ",
            root=room,
            font_paths=find_fonts(),
            ignore_system_fonts=not system_fonts,
            format="pdf",
            pdf_standards=STANDARD,
            timestamp=0,
        )
    return bytes(made)


def _gather(brief: Brief, words: Words) -> dict[str, Any]:
    """Return the content with the words and names that the template adds to it."""
    content = tell_brief(brief)
    numbers = Numbers(words)
    for line in content["figures"]:
        line["how"] = words.say(f"figure.how.{line['kind']}")
        shown = line["rests_on"][:STEPS]
        more = len(line["rests_on"]) + line["more"] - len(shown)
        line["shown"] = [
            {"place": step["place"], "weight": "" if step["weight"] is None else numbers.percent(step["weight"])}
            for step in shown
        ]
        line["unit_name"] = name_unit(line["unit"], words)
        line["and_more"] = words.say("figure.more", n=more) if more > 0 else ""
    return {
        **content,
        "fonts": FONTS[brief.language],
        "chart_sources": CHART_SOURCES,
        "grades": {name: words.say(f"grade.{name}") for name in ("exact", "estimated", "assumed", "unknown")},
        "footer": " · ".join([str(brief.title), *brief.overlays]),
        "say": {
            **{name: words.say(f"paper.{name}") for name in OWN_TEXTS},
            "statements": words.say("brief.statements_title"),
            **{f"headline_{kind}": words.say(f"brief.headline.{kind}") for kind in HEADLINES},
            "sources_word": words.say("brief.sources_word"),
            "method": words.say("brief.method_word"),
            "figures": words.say("figure.title"),
            "figures_intro": words.say("figure.intro"),
            "sources": words.say("brief.sources_title"),
            "glossary": words.say("brief.glossary_title"),
            "made_with": words.say("brief.made_with"),
        },
        "columns": {
            name: words.say(f"figure.column.{name}") for name in ("name", "value", "how", "rests_on", "sources")
        },
        "manifest": [[words.say(f"manifest.{key}"), value] for key, value in brief.manifest.items()],
        "alt": {chart.id: f"{chart.title}. {chart.subtitle}" for section in brief.sections for chart in section.blocks},
    }


def find_fonts() -> list[Path]:
    """Return the folders of the fonts that the extra brings."""
    places = (("matplotlib_fontja", "fonts"), ("matplotlib", "mpl-data/fonts/ttf"))
    found = []
    for package, folder in places:
        spec = find_spec(package)
        if spec is not None and spec.origin is not None:
            found.append(Path(spec.origin).parent / folder)
    return found
