"""The brief: findings in, a document out, as a page, a paper or records."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pondasi.report.blocks import HEADLINES
from pondasi.report.context import Context
from pondasi.report.evidence import Evidence, Explanation
from pondasi.report.marks import split_runs
from pondasi.report.page import render_page
from pondasi.report.paper import render_paper
from pondasi.report.sections import SECTIONS
from pondasi.report.slots import Slot, list_absent, write_slot
from pondasi.tables.dictionary import read_resource
from pondasi.tables.write import replace_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pondasi.currency import Rate
    from pondasi.report.blocks import Headline, Section
    from pondasi.report.findings import Findings
    from pondasi.words import Words
    from pondasi.workspace import SavedRun

FORMATS = ("html", "pdf")
"""Forms in which a document can be written."""
MOST_SOURCES = 4
"""Sources listed beside a figure of the annex; `pondasi explain` lists all."""


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
class FigureLine:
    """A figure that a sentence cites, as listed in the annex: its place, value and what it rests on."""

    number: int
    text: str
    explanation: Explanation = field(repr=False)

    @property
    def place(self) -> str:
        """Name of the figure, as `pondasi explain` takes it."""
        return self.explanation.place

    @property
    def kind(self) -> str:
        """First part of its name."""
        return self.place.split("/", 1)[0]

    @property
    def sources(self) -> tuple[str, ...]:
        """Ids of the first of its sources, those of the heaviest rows first."""
        return tuple(row["source"] for row in self.explanation.sources[:MOST_SOURCES])


@dataclass(frozen=True)
class Brief:
    """A brief as records, before it becomes a page, a paper or a workbook.

    ``overlays`` says of each national overlay whose it is and how secret: every page of a document carries
    it. ``notes`` are said once, below the title.
    """

    language: str
    home: str
    partner: str | None
    title: str
    subtitle: str
    sections: tuple[Section, ...]
    figures: tuple[FigureLine, ...] = field(repr=False)
    sources: tuple[SourceLine, ...] = field(repr=False)
    glossary: tuple[tuple[str, str, str], ...] = field(repr=False)
    overlays: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    manifest: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def headlines(self) -> tuple[Headline, ...]:
        """The lines above all statements, each kind once."""
        return choose_headlines(self.sections)


def compose_brief(
    findings: Findings,
    words: Words,
    *,
    places: str = "plain",
    manifest: Mapping[str, str] | None = None,
    runs: Mapping[str, SavedRun] | None = None,
    rate: Rate | None = None,
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
    rate
        Rate at which money is shown; USD by default.
    order
        Sections and slots in reading order.
    """
    if runs:
        findings = replace(findings, runs=runs)
    closed = tuple(item.key for item in order if isinstance(item, Slot) and not item.is_open)
    context = Context(findings, words, places, closed, rate, list_absent(order, runs or {}, findings))
    written = (write_slot(context, item, runs or {}) if isinstance(item, Slot) else item(context) for item in order)
    sections = tuple(section for section in written if section is not None)
    title = context.say("brief.title", home=context.home)
    subtitle = (
        context.say("brief.subtitle_with", partner=context.partner)
        if findings.partner
        else context.say("brief.subtitle")
    )
    figures = _list_figures(sections, context)
    return Brief(
        language=words.language,
        home=findings.home,
        partner=findings.partner,
        title=title,
        subtitle=subtitle,
        sections=sections,
        figures=figures,
        sources=_list_sources(sections, figures, context),
        glossary=_list_terms(words.language),
        overlays=_say_overlays(context),
        notes=_say_rate(context),
        manifest=manifest or {},
    )


def render_brief(brief: Brief, words: Words) -> str:
    """Return the brief as one HTML page that needs nothing from outside."""
    return render_page(brief, words)


def write_brief(
    findings: Findings,
    words: Words,
    path: str | Path,
    *,
    places: str = "plain",
    manifest: Mapping[str, str] | None = None,
    runs: Mapping[str, SavedRun] | None = None,
    rate: Rate | None = None,
    formats: Sequence[str] = FORMATS[:1],
) -> Brief:
    """Compose a brief and write it as a page, a paper or both; an interrupted write leaves what was there.

    Parameters
    ----------
    path
        Where the page goes; a paper stands beside it, its name ending in ``.pdf``.
    formats
        Some of `FORMATS`.

    Raises
    ------
    MissingExtraError
        For a paper, if the extra ``pdf`` is not installed; nothing is written then.
    """
    brief = compose_brief(findings, words, places=places, manifest=manifest, runs=runs, rate=rate)
    page = render_brief(brief, words) if "html" in formats else ""
    paper = render_paper(brief, words) if "pdf" in formats else b""
    if page:
        with replace_file(path) as temporary:
            temporary.write_text(page, encoding="utf-8", newline="\n")
    if paper:
        with replace_file(Path(path).with_suffix(".pdf")) as temporary:
            temporary.write_bytes(paper)
    return brief


def choose_headlines(sections: Sequence[Section]) -> tuple[Headline, ...]:
    """Return the lines above all statements in their order, each kind once, that of the last section that has one."""
    found = {line.kind: line for section in sections for line in section.headlines}
    return tuple(found[kind] for kind in HEADLINES if kind in found)


def list_texts(sections: Sequence[Section]) -> Iterator[str]:
    """Yield every text of the sections that may cite a figure, in reading order."""
    yield from (line.text for line in choose_headlines(sections))
    for section in sections:
        yield from (statement.text for statement in section.statements)
    for section in sections:
        yield from (section.title, section.answer)
        for chart in section.blocks:
            yield from (chart.title, chart.subtitle, chart.caption)
        yield from (*section.points, *section.method)


def _list_figures(sections: Sequence[Section], context: Context) -> tuple[FigureLine, ...]:
    """Return the figures that sentences cite, each once, in the order in which they are read."""
    evidence: Evidence = context.evidence
    runs = (run for text in list_texts(sections) for run in split_runs(text))
    cited = dict.fromkeys(run.place for run in runs if run.kind == "figure")
    found = (evidence.explain(place) for place in cited)
    return tuple(
        FigureLine(number, context.numbers.figure(explanation.figure), explanation)
        for number, explanation in enumerate(found, start=1)
    )


def _list_sources(
    sections: Sequence[Section], figures: Sequence[FigureLine], context: Context
) -> tuple[SourceLine, ...]:
    """Return the sources that the document cites, in the order in which it cites them."""
    cited: dict[str, None] = {}
    for section in sections:
        for chart in section.blocks:
            cited.update(dict.fromkeys(chart.sources))
            for row in chart.table.rows:
                for cell in row:
                    cited.update(dict.fromkeys(cell.sources))
    for line in figures:
        cited.update(dict.fromkeys(line.sources))
    rows = context.evidence.sources
    return tuple(_describe_source(number, rows[source], context) for number, source in enumerate(cited, start=1))


def _describe_source(number: int, row: dict[str, Any], context: Context) -> SourceLine:
    text = context.say("brief.source_line", publisher=row["publisher"], title=row["title"], year=str(row["year"]))
    evidence, confidence = (context.code(kind, row[kind]) for kind in ("evidence", "confidence"))
    return SourceLine(row["source"], number, text, row["url"] or "", evidence, confidence)


def _say_overlays(context: Context) -> tuple[str, ...]:
    marks = context.findings.chain.overlays
    return tuple(
        context.say("overlay.mark", id=mark.id, owner=mark.owner, secrecy=context.code("secrecy", mark.secrecy))
        for mark in marks
    )


def _say_rate(context: Context) -> tuple[str, ...]:
    """Say the rate at which money is shown; nothing where it is the one of the data."""
    rate = context.numbers.rate
    if not rate.source:
        return ()
    rows = context.evidence.sources
    return (context.numbers.rate_note(rows[rate.source]["publisher"] if rate.source in rows else rate.source),)


def _list_terms(language: str) -> tuple[tuple[str, str, str], ...]:
    """Return the terms of the glossary: key, term, meaning."""
    rows = read_resource("dictionary/glossary.csv")
    return tuple((row["term"], row[language], row[f"meaning_{language}"]) for row in rows)
