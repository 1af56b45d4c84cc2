"""Every number of the page leads to a row and its sources, or says what else it is."""

import dataclasses
import re
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser

import pytest

from pondasi import UsageError, Words
from pondasi.report.evidence import gather_evidence
from pondasi.report.numbers import Numbers
from pondasi.report.results import RESULTS
from pondasi.tables.dictionary import read_resource
from pondasi.tables.rows import index_rows

LANGUAGES = ("en", "id", "ja")
NUMBER = re.compile(r"(?<![A-Za-z])\d")
"""A number; not the digit of a word such as CR1."""
FRONTS = {"front_jobs", "front_emissions", "front_self_reliance", "front_risk"}
VOID = {"meta", "link", "br", "hr", "img", "input"}
NO_SOURCE = {"rule"} | {kind for kind in RESULTS if kind.endswith("_run")}
"""Kinds of figures that the method sets: they rest on no row."""
METHOD = re.compile(r"(position|stress|plan|sensitivity)\.\d+|\((19|20)\d\d\)|（(19|20)\d\d）")
"""What the account of the method may count: equations and years of publications."""


@dataclass(frozen=True)
class Piece:
    """A stretch of text with the attributes of all elements around it, the innermost first."""

    text: str
    around: tuple[tuple[str, dict], ...]

    def attribute(self, name):
        return next((attributes[name] for _, attributes in self.around if name in attributes), None)

    @property
    def about(self):
        """The nearest statement of what a number here is: attribute and value."""
        for tag, attributes in self.around:
            for name in ("data-figure", "data-row", "data-count", "data-tick", "data-manifest", "data-note", "href"):
                if name in attributes and (name != "href" or attributes[name].startswith("#")):
                    return name, attributes[name]
            if tag == "details" and attributes.get("class") == "method":
                return "method", ""
        return None, None


class Walk(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.open, self.pieces, self.ids = [], [], {}
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if "id" in attributes:
            self.ids[attributes["id"]] = attributes
        if tag not in VOID:
            self.open.append((tag, attributes))

    def handle_startendtag(self, _tag, attrs):
        if "id" in dict(attrs):
            self.ids[dict(attrs)["id"]] = dict(attrs)

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if data.strip() and not any(tag in {"style", "script"} for tag, _ in self.open):
            self.pieces.append(Piece(data, tuple(reversed(self.open))))


@dataclass
class Judge:
    """Says of each number what is wrong with it."""

    brief: object
    words: Words
    evidence: object
    ids: dict
    shown: Numbers = field(init=False)

    def __post_init__(self):
        self.shown = Numbers(self.words)
        self.explain = cache(self.evidence.explain)
        self.numbers = {line.id: line.number for line in self.brief.sources}
        self.glossary = {row["term"]: row for row in read_resource("dictionary/glossary.csv")}
        self.nodes = index_rows(self.evidence.findings.chain.nodes, "node")
        self.charts = {chart.id: chart for section in self.brief.sections for chart in section.blocks}

    def fault(self, piece):
        kind, value = piece.about
        check = {
            None: lambda *_: "nothing says what it is",
            "data-figure": self.figure,
            "data-row": self.row,
            "data-count": self.count,
            "data-tick": lambda *_: "" if piece.around[0][0] in {"text", "tspan"} else "a tick outside a picture",
            "data-manifest": self.manifest,
            "data-note": lambda *_: "" if any(piece.text in text for text in self.notes(value)) else "no such note",
            "href": self.reference,
            "method": lambda *_: "" if not NUMBER.search(METHOD.sub("", piece.text)) else "a number in the method",
        }[kind]
        return check(value, piece)

    def notes(self, name):
        return getattr(self.brief, name)

    def figure(self, place, piece):
        try:
            found = self.explain(place)
        except UsageError as error:
            return str(error)
        texts = {self.shown.figure(found.figure, short=short) for short in (False, True)}
        if piece.text.strip() not in texts:
            return f"shows {piece.text.strip()!r}, is {texts}"
        if place.split("/")[0] not in NO_SOURCE and found.figure.value is not None and not found.sources:
            return "has no source" if found.figure.value else ""
        link = piece.attribute("href")
        if piece.around[0][0] == "a" and self.ids[link[1:]].get("data-row") != place:
            return f"leads to {link}"
        return ""

    def row(self, place, piece):  # noqa: PLR0911 - a kind of row after another
        table, *key = place.split("/")
        if table == "sources":
            return "" if key[0] in self.numbers else "not a source"
        if table == "glossary":
            term = self.glossary[key[0]]
            known = {term[self.words.language], term[f"meaning_{self.words.language}"]}
            return "" if piece.text in known else "not the term"
        if table == "steps":
            rows = {**self.evidence.told["others"].rows.steps, **self.evidence.told["plan"].told.steps}
            name = rows[key[0]][f"name_{self.words.language}"]
            same = piece.text.strip() == name or (piece.around[0][0] == "tspan" and piece.text.strip() in name)
            return "" if same else "not the name of the row"
        if table in {"sensitivity_rows", "suppliers", "hazards", "returns", "limits", *FRONTS}:
            return self.named(table, key, piece)
        if table == "shocks":
            name = self.evidence.told["stress"].shocks[key[0]][f"name_{self.words.language}"]
            # A long name of a step breaks into lines beside its bar.
            same = piece.text.strip() == name or (piece.around[0][0] == "tspan" and piece.text.strip() in name)
            return "" if same else "not the name of the row"
        if table in {"stress", "plan", "plan_run"}:
            return "" if piece.text == key[-1] or piece.around[0][0] == "code" else self.annex(place, piece)
        if table == "nodes":
            name = self.nodes[key[0]][f"name_{self.words.language}"].replace("\u00a0", " ").casefold()
            tip = f"{name}: {self.shown.figure(self.explain(place).figure)}".casefold()
            return "" if piece.text.strip().replace("\u00a0", " ").casefold() in tip else "not the name"
        return self.annex(place, piece)

    def named(self, table, key, piece):
        """Names of rows of runs that are no rows of the chain: every number in them must stand in the names of their parts."""
        if table == "sensitivity_rows":
            row = self.evidence.told["sensitivity"].rows[int(key[0])]
            known = " ".join(
                self.nodes[part][f"name_{self.words.language}"] for part in row["row"].split("/") if part in self.nodes
            )
        elif table == "suppliers":
            known = self.nodes[key[0]][f"name_{self.words.language}"]
        elif table == "hazards":
            known = self.evidence.told["sample"].name(key[0], self.words.language)
        else:
            places = {
                "returns": lambda: f"sample/IDN/return/{key[0]}",
                "limits": lambda: "/".join(["units", *key, "year"]),
                **{one: lambda: f"front/IDN/{table.removeprefix('front_')}/reached/{key[0]}" for one in FRONTS},
            }
            known = self.shown.figure(self.explain(places[table]()).figure)
        stray = set(re.findall(r"[\d.,]*\d", piece.text)) - set(re.findall(r"[\d.,]*\d", known))
        return "" if not stray else f"{stray} not in {known!r}"

    def annex(self, place, piece):
        """Numbers in a row of the annex beside the figure: places of rows, their weights, how many more."""
        found = self.explain(place)
        if piece.around[0][0] == "code":
            return "" if piece.text in {place, *(step.place for step in found.steps)} else "not a row of the figure"
        weights = {self.shown.percent(step.weight) for step in found.steps if step.weight is not None}
        more = {self.words.say("figure.more", n=n) for n in range(len(found.steps) + found.more)}
        how = self.words.say(f"figure.how.{place.split('/')[0]}")
        text = piece.text.strip().removesuffix(";")
        parts = [part.strip() for part in re.split(r";\s*", text)]
        left = [part for part in parts if part not in {*weights, *more, how, ""}]
        left = [part for part in left if not any(part == f"{weight} {one}" for weight in weights for one in more)]
        return "" if not left else f"stray {left}"

    def count(self, chart, piece):
        rows = self.words.say("brief.rows", n=len(self.charts[chart].table.rows))
        return "" if rows in piece.text else "not the number of rows"

    def manifest(self, key, piece):
        return "" if piece.text == self.brief.manifest[key] else "not the manifest's"

    def reference(self, link, piece):
        place = self.ids.get(link[1:], {}).get("data-row", "")
        named = place.removeprefix("sources/")
        return "" if piece.text == f"[{self.numbers.get(named)}]" else "not a source's number"


@pytest.fixture(params=LANGUAGES)
def judged(request, briefs, pages, findings, runs):
    walk = Walk(pages[request.param])
    evidence = gather_evidence(findings.chain, dataclasses.replace(findings, runs=runs))
    return walk, Judge(briefs[request.param], Words(request.param), evidence, walk.ids)


def test_every_number_of_the_page_resolves_to_row_and_source(judged):
    walk, judge = judged
    pieces = [piece for piece in walk.pieces if NUMBER.search(piece.text)]
    faults = [
        f"{piece.text.strip()[:60]!r} ({piece.about}): {fault}" for piece in pieces if (fault := judge.fault(piece))
    ]
    assert len(pieces) > 1500
    assert not faults, "\n" + "\n".join(faults[:40])


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ("<p>Taiwan has 26 %.</p>", "nothing says"),
        ('<a href="#figure-1" data-figure="exposure/IDN/TWN">99 %</a>', "shows '99 %'"),
        ('<a href="#figure-1" data-figure="exposure/IDN/XXX/toys">9 %</a>', "Did you mean"),
        ('<a href="#figure-1" data-figure="stress/IDN/island/gross">7.0 weeks</a>', "shows '7.0 weeks'"),
        ('<a href="#source-1">[2]</a>', "not a source's number"),
        ('<span data-row="nodes/wafer_300">7 mm wafers</span>', "not the name"),
        ('<details class="method"><p>It is 17 %.</p></details>', "number in the method"),
        ('<summary data-count="exposure-chart">Data (7 rows)</summary>', "not the number of rows"),
    ],
)
def test_a_number_that_does_not_resolve_is_found(briefs, findings, runs, html, fault):
    walk = Walk(html)
    judge = Judge(
        briefs["en"], Words("en"), gather_evidence(findings.chain, dataclasses.replace(findings, runs=runs)), walk.ids
    )
    faults = [judge.fault(piece) for piece in walk.pieces if NUMBER.search(piece.text)]
    assert any(fault in found for found in faults), faults


def test_every_figure_of_the_text_is_in_the_annex_with_rows_and_sources(briefs):
    for line in briefs["en"].figures:
        if line.kind not in NO_SOURCE:
            assert line.explanation.steps, line.place
            assert line.sources, line.place
            assert set(line.sources) <= {source.id for source in briefs["en"].sources}


def test_every_kind_of_result_is_described():
    for language in LANGUAGES:
        words = Words(language)
        assert all(words.say(f"figure.how.{kind}") for kind in (*RESULTS, "shares", "nodes"))


def test_statements_follow_each_other_from_position_to_what_is_unknown(briefs):
    order = [section.id for section in briefs["en"].sections]
    stress, plan = (
        ["stress", "sensitivity", "sample", "critical"],
        ["plan", "others", "assumptions", "units", "worth", "front", "partners"],
    )
    assert order == ["place", "exposure", "peers", "concentration", *stress, *plan, "partner", "unknown"]
