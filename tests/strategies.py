"""Random small chains that are valid by construction, with every kind of text that a table may hold.

`small_chains` draws what `build_chain` takes: a frame per table. Blank shares and markets, firms,
variants and shares in two bases occur; texts hold Japanese, '&', quotes, line ends and leading '='.
"""

from typing import Any

import pandas as pd
from hypothesis import strategies as st

from pondasi.facts import weakest
from pondasi.places import load_countries
from pondasi.tables.dictionary import load_dictionary
from pondasi.tables.numbers import round_significant

Rows = list[dict[str, Any]]

NASTY = (
    "前工程 & 後工程", "Kuarsa “murni”", "=SUM(A1:A9)", "+62 21", "-5", "@here", "a, b; c\td", 'say "chip"', "it's",
    "line one\nline two", "a\n\n\nb", "_x000D_", "_x005f_", "#unit", "# remark", "TRUE", "1,5", "2024-05-01", "nan", "NULL", "<b>&amp;</b>",
    "半導体" * 40, "e\u0301", "が", "ﾊﾝﾄﾞｳﾀｲ", "𠮷野家", "🧪", "\\n", "|", "'", '""', "]]>", "%s {x}", "ROW", "0.10", "1e5", "x" * 400,
)  # fmt: skip
LONG = "あ" * 32_767


def texts() -> st.SearchStrategy[str]:
    """Draw a text that a cell may hold: never blank."""
    signs = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    free = st.text(signs | st.sampled_from("\n\t=+@&\"',;|<>"), min_size=1, max_size=12)
    return (st.sampled_from(NASTY) | free).filter(lambda text: bool(_left_of(text)))


def _left_of(text: str) -> str:
    """Return what is left of a text once signs that cannot be seen are removed."""
    from pondasi.tables.text import drop_invisible, name_control, tidy_text

    return "" if name_control(text) else drop_invisible(tidy_text(text))


def ids() -> st.SearchStrategy[str]:
    """Draw an identifier."""
    return st.from_regex(r"[a-z][a-z0-9_.\-]{0,7}", fullmatch=True)


def fractions(most: float = 1.0) -> st.SearchStrategy[float]:
    """Draw a number from 0 to ``most`` at the digits that a pack keeps."""
    return st.floats(0, most, allow_subnormal=False).map(round_significant)


def money() -> st.SearchStrategy[float]:
    return st.one_of(
        st.floats(1e-3, 1e12).map(round_significant), st.integers(1, 10**12).map(float), st.sampled_from([0.0, 1e12])
    )


def countries() -> st.SearchStrategy[str]:
    return st.sampled_from([*load_countries(), "ROW"])


def intervals(draw: st.DrawFn, value: float | None, least: float, most: float) -> tuple[float | None, float | None]:
    """Draw the ends of an interval around ``value``, or none."""
    if draw(st.booleans()):
        return None, None
    middle = value if value is not None else draw(st.floats(least, most))
    low = round_significant(draw(st.floats(least, max(least, middle))))
    high = round_significant(draw(st.floats(min(middle, most), most)))
    return (low if low <= middle else value), (high if high >= middle else value)


@st.composite
def small_chains(draw: st.DrawFn, max_nodes: int = 4) -> dict[str, pd.DataFrame]:
    """Draw the tables of a valid chain of 1 to ``max_nodes`` nodes."""
    sources = draw(st.lists(ids(), min_size=1, max_size=3, unique=True))
    evidence = {source: draw(st.sampled_from(["seen", "recalled", "judged"])) for source in sources}
    nodes = draw(st.lists(ids(), min_size=1, max_size=max_nodes, unique=True))
    rows = {
        "nodes": draw_nodes(draw, nodes, evidence),
        "links": draw_links(draw, nodes, evidence),
        "variants": draw_variants(draw, nodes, evidence),
        "shares": [
            row
            for node in nodes
            for basis in ("location", "control")
            for row in draw_shares(draw, node, basis, evidence)
        ],
        "traits": draw_traits(draw, nodes, evidence),
        "sources": [draw_source(draw, source, evidence[source]) for source in sources],
    }
    columns = load_dictionary().tables
    return {name: pd.DataFrame(found, columns=list(columns[name]), dtype=object) for name, found in rows.items()}


def draw_proof(draw: st.DrawFn, evidence: dict[str, str]) -> dict[str, Any]:
    """Draw year, grade, source and note of a row: judgement alone is never more than assumed."""
    cited = draw(st.lists(st.sampled_from(sorted(evidence)), min_size=1, unique=True))
    firm = any(evidence[source] == "seen" for source in cited)
    grade = draw(st.sampled_from(["exact", "estimated", "assumed"])) if firm else weakest("assumed")
    return {
        "year": draw(st.none() | st.integers(1990, 2060)),
        "grade": grade,
        "source": "|".join(cited),
        "note": draw(st.none() | texts()),
    }


def draw_nodes(draw: st.DrawFn, nodes: list[str], evidence: dict[str, str]) -> Rows:
    """Draw nodes of which each sells more than all before it together, so that inputs never pass sales."""
    codes = load_dictionary().codes
    rows: Rows = []
    for node in nodes:
        before = sum(row["market_usd"] or 0.0 for row in rows)
        market = draw(st.none() | money().map(lambda own, before=before: round_significant(1.1 * before + own)))
        low, high = intervals(draw, market, 0.0, 1e14)
        proof = draw_proof(draw, evidence)
        row = {
            "node": node,
            "stage": draw(st.sampled_from(sorted(codes["stage"]))),
            "pillar": draw(st.none() | st.sampled_from(sorted(codes["pillar"]))),
            "kind": draw(st.sampled_from(sorted(codes["kind"]))),
            **{f"name_{language}": draw(texts()) for language in ("en", "id", "ja")},
            "market_usd": market,
            "market_low": low,
            "market_high": high,
            "market_year": proof.pop("year"),
        }
        rows.append(row | proof)
    return rows


def draw_links(draw: st.DrawFn, nodes: list[str], evidence: dict[str, str]) -> Rows:
    """Draw links forward along the list of nodes; a node hands out at most all of its sales."""
    rows: Rows = []
    for number, supplier in enumerate(nodes):
        left = 1.0
        for user in draw(st.lists(st.sampled_from(nodes[number + 1 :]), unique=True)) if nodes[number + 1 :] else []:
            share = draw(st.none() | fractions(left))
            left = max(0.0, left - (share or 0.0))
            low, high = intervals(draw, share, 0.0, 1.0)
            row = {
                "supplier": supplier,
                "user": user,
                "role": draw(st.sampled_from(["flow", "capital", "licence"])),
                "essentiality": draw(st.sampled_from(["critical", "important", "marginal"])),
                "sales_share": share,
                "low": low,
                "high": high,
            }
            rows.append(row | draw_proof(draw, evidence))
    return rows


def draw_variants(draw: st.DrawFn, nodes: list[str], evidence: dict[str, str]) -> Rows:
    """Draw 'is a type of' backward along the list of nodes, so that it has no cycle."""
    rows: Rows = []
    for number, variant in enumerate(nodes[1:], start=1):
        for family in draw(st.lists(st.sampled_from(nodes[:number]), unique=True, max_size=2)):
            value = draw(st.none() | fractions())
            low, high = intervals(draw, value, 0.0, 1.0)
            row = {"variant": variant, "family": family, "substitution": value, "low": low, "high": high}
            rows.append(row | draw_proof(draw, evidence))
    return rows


def draw_shares(draw: st.DrawFn, node: str, basis: str, evidence: dict[str, str]) -> Rows:
    """Draw shares of countries that add up to one at the most, and of firms within a country."""
    rows: Rows = []
    left = 1.0
    for country in draw(st.lists(countries(), unique=True, max_size=2)):
        share = draw(st.none() | fractions(left))
        left = max(0.0, left - (share or 0.0))
        rows.append(draw_share(draw, node, country, None, basis, share, evidence))
        rest = 1.0 if share is None else share
        for firm in draw(st.lists(texts(), max_size=1)):
            part = draw(st.none() | fractions(rest))
            rest = max(0.0, rest - (part or 0.0))
            rows.append(draw_share(draw, node, country, firm, basis, part, evidence))
    return rows


def draw_share(
    draw: st.DrawFn,
    node: str,
    country: str,
    firm: str | None,
    basis: str,
    share: float | None,
    evidence: dict[str, str],
) -> dict[str, Any]:
    low, high = intervals(draw, share, 0.0, 1.0)
    row = {"node": node, "country": country, "firm": firm, "basis": basis, "share": share, "low": low, "high": high}
    return row | draw_proof(draw, evidence)


def draw_traits(draw: st.DrawFn, nodes: list[str], evidence: dict[str, str]) -> Rows:
    """Draw traits inside their ranges; those that change what a node may buy are left out."""
    known = {name: trait for name, trait in load_dictionary().traits.items() if not name.endswith("_usd")}
    rows: Rows = []
    for node in nodes:
        for name in draw(st.lists(st.sampled_from(sorted(known)), unique=True, max_size=2)):
            trait = known[name]
            least, most = trait.low or 0.0, 1e6 if trait.high is None else trait.high
            value = draw(st.none() | st.floats(least, most, allow_subnormal=False).map(round_significant))
            low, high = intervals(draw, value, least, most)
            row = {"node": node, "trait": name, "value": value, "low": low, "high": high, "unit": trait.unit}
            rows.append(row | draw_proof(draw, evidence))
    return rows


def draw_source(draw: st.DrawFn, source: str, evidence: str) -> dict[str, Any]:
    return {
        "source": source,
        "publisher": draw(texts()),
        "title": draw(texts()),
        "year": draw(st.none() | st.integers(1900, 2060)),
        "url": draw(st.none() | st.sampled_from(["https://例え.jp/a?b=1&c=%20", "http://x.org/=1"])),
        "licence": draw(st.sampled_from(sorted(load_dictionary().codes["licence"]))),
        "evidence": evidence,
        "confidence": draw(st.sampled_from(["high", "medium", "low"])),
    }
