"""The brief: findings in, one self-contained page out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from pondasi.report.context import Context
from pondasi.report.sections import SECTIONS
from pondasi.report.slots import Slot, write_slot
from pondasi.tables.dictionary import read_resource
from pondasi.tables.rows import index_rows
from pondasi.tables.write import replace_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pondasi.report.blocks import Section
    from pondasi.report.findings import Findings
    from pondasi.words import Words
    from pondasi.workspace import SavedRun


@dataclass(frozen=True)
class SourceLine:
    """A source as listed at the end."""

    id: str
    number: int
    text: str
    url: str
    evidence: str
    confidence: str


@dataclass(frozen=True)
class Brief:
    """A brief as records, before it becomes a page: what a later PDF or workbook is made of, too."""

    language: str
    title: str
    subtitle: str
    sections: tuple[Section, ...]
    sources: tuple[SourceLine, ...] = field(repr=False)
    glossary: tuple[tuple[str, str], ...] = field(repr=False)
    manifest: Mapping[str, str] = field(default_factory=dict, repr=False)


def compose_brief(
    findings: Findings,
    words: Words,
    *,
    places: str = "plain",
    manifest: Mapping[str, str] | None = None,
    runs: Mapping[str, SavedRun] | None = None,
    order: tuple[Callable[[Context], Section | None] | Slot, ...] = SECTIONS,
) -> Brief:
    """Return the brief on the findings in one language.

    Parameters
    ----------
    findings
        From `gather_findings`.
    words
        The catalogue of the language.
    places
        Profile of place names: plain, un or oecd.
    manifest
        Lines of the run's manifest that the last page shows.
    runs
        Saved runs of other verbs, verb -> run, that fill the slots.
    order
        Sections and slots in reading order.
    """
    closed = tuple(item.verb for item in order if isinstance(item, Slot) and not item.is_open)
    context = Context(findings, words, places, closed)
    written = (write_slot(context, item, runs or {}) if isinstance(item, Slot) else item(context) for item in order)
    sections = tuple(section for section in written if section is not None)
    title = context.say("brief.title", home=context.home)
    subtitle = (
        context.say("brief.subtitle_with", partner=context.partner)
        if findings.partner
        else context.say("brief.subtitle")
    )
    return Brief(
        language=words.language,
        title=title,
        subtitle=subtitle,
        sections=sections,
        sources=_list_sources(findings, sections, context),
        glossary=_list_terms(words.language),
        manifest=manifest or {},
    )


def render_brief(brief: Brief, words: Words) -> str:
    """Return the brief as one HTML page that needs nothing from outside."""
    environment = Environment(
        loader=PackageLoader("pondasi.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    numbers = {line.id: line.number for line in brief.sources}
    return environment.get_template("brief.html").render(brief=brief, say=words.say, numbers=numbers)


def write_brief(
    findings: Findings,
    words: Words,
    path: str | Path,
    *,
    places: str = "plain",
    manifest: Mapping[str, str] | None = None,
    runs: Mapping[str, SavedRun] | None = None,
) -> Brief:
    """Compose, render and write a brief; an interrupted write leaves what was there."""
    brief = compose_brief(findings, words, places=places, manifest=manifest, runs=runs)
    page = render_brief(brief, words)
    with replace_file(path) as temporary:
        temporary.write_text(page, encoding="utf-8", newline="\n")
    return brief


def _list_sources(findings: Findings, sections: tuple[Section, ...], context: Context) -> tuple[SourceLine, ...]:
    """Return the sources that the page cites, in the order in which it cites them."""
    cited: dict[str, None] = {}
    for section in sections:
        for chart in section.blocks:
            cited.update(dict.fromkeys(chart.sources))
            for row in chart.table.rows:
                for cell in row:
                    cited.update(dict.fromkeys(cell.sources))
    rows = index_rows(findings.chain.sources, "source")
    return tuple(_describe_source(number, rows[source], context) for number, source in enumerate(cited, start=1))


def _describe_source(number: int, row: dict[str, Any], context: Context) -> SourceLine:
    text = context.say("brief.source_line", publisher=row["publisher"], title=row["title"], year=str(row["year"]))
    evidence, confidence = (context.code(kind, row[kind]) for kind in ("evidence", "confidence"))
    return SourceLine(row["source"], number, text, row["url"] or "", evidence, confidence)


def _list_terms(language: str) -> tuple[tuple[str, str], ...]:
    return tuple((row[language], row[f"meaning_{language}"]) for row in read_resource("dictionary/glossary.csv"))
