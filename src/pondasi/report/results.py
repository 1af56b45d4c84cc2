"""Figures that are computed of several rows: what each is, which rows it rests on, and by which rule.

A result is named by what it says, its parts separated by ``/``: ``exposure/IDN/JPN/tools``. The name is the
same in the page, in the PDF, in JSON and on the command line (`pondasi explain`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pondasi.chain.rules import FIGURES
from pondasi.facts import GRADES, Figure, grade_of
from pondasi.position.exposure import KINDS
from pondasi.report.findings import CHOKEPOINT, LARGE
from pondasi.tables.dictionary import load_dictionary
from pondasi.tables.rows import index_rows, list_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pondasi.position.exposure import Kind
    from pondasi.report.findings import Findings, Holding


@dataclass(frozen=True)
class Result:
    """A computed figure.

    Parameters
    ----------
    figure
        The figure; its sources are those of its parts.
    parts
        Place of each row that it rests on, with its weight in the whole, or None where parts have no weight.
    """

    figure: Figure
    parts: tuple[tuple[str, float | None], ...] = ()


@dataclass(frozen=True)
class Kin:
    """A kind of result: how its name is written, whether it speaks of a home country, how it is found."""

    form: str
    find: Callable[..., Result]
    of_home: bool = False


def locate_share(item: Holding) -> str:
    """Return the place of the row that says what a country makes of a node."""
    return f"shares/{item.node.id}/{item.country}/location"


# --- what home uses and what stands behind it ----------------------------------------------------


def _use(findings: Findings, _home: str, part: str = "") -> Result:
    held = findings.held_by(findings.home, users=True)
    parts = _weigh((locate_share(item), item.value) for item in held)
    whole = findings.use
    if not part:
        return Result(whole, parts)
    if part in findings.nodes:
        return _use_of(findings, part, parts)
    _require(part == "part")
    value, low, high = (
        None if end is None else end / findings.world_use for end in (whole.value, whole.low, whole.high)
    )
    return Result(Figure(value, "fraction", low, high, whole.year, whole.grade), parts)


def _use_of(findings: Findings, node: str, parts: tuple[tuple[str, float | None], ...]) -> Result:
    """Return the chips that a user industry at home buys, or what home buys of a kind of chip."""
    item = findings.holdings.get((node, findings.home))
    if findings.nodes[node].is_user:
        _require(item is not None)
        value, low, high = (None if item is None else item.worth(end) for end in ("value", "low", "high"))
        grade = "unknown" if item is None else item.part.grade
        figure = Figure(value, "USD/year", low, high, findings.year, grade)
        return Result(figure, () if item is None else ((locate_share(item), None),))
    bought = float(findings.exposure.use.loc[findings.home].get(node, 0.0))
    _require(bought > 0)
    return Result(Figure(bought, "USD/year", year=findings.year, grade=findings.use.grade), parts)


def _exposure(findings: Findings, home: str, country: str, kind: str = "supply") -> Result:
    if home != findings.home:
        _require(kind == "supply")
        return _exposure_of(findings, home, country)
    row = findings.exposed["supply"].get(country)
    if kind in {"direct", "amount"}:
        _require(row is not None)
        name, unit = ("direct", "fraction") if kind == "direct" else ("value", "USD/year")
        figure = Figure(row[name] if row else None, unit, year=findings.year, grade=findings.exposure_grade)
        return Result(figure, _list_direct(findings, country) if kind == "direct" else _list_behind(findings, country))
    wanted = next((known for known in KINDS if known == kind), None)
    if wanted is None:
        raise LookupError(kind)
    return Result(findings.part(country, wanted), _list_parts(findings, country, wanted))


def _exposure_of(findings: Findings, home: str, country: str) -> Result:
    """Return the exposure of a peer to a country."""
    row = index_rows(findings.exposure.of(home).reset_index(), "country")[country]
    figure = Figure(row["share"], "fraction", row.get("low"), row.get("high"), findings.year, findings.exposure_grade)
    behind = list_rows(findings.exposure.by_node.loc[home].reset_index())
    rows = [row for row in behind if row["country"] == country]
    return Result(figure, _weigh((_place(findings, row["node"], country), row["value"]) for row in rows))


def _list_parts(findings: Findings, country: str, kind: Kind) -> tuple[tuple[str, float | None], ...]:
    """Return the rows behind a country's part; only those of supply have weights."""
    if kind == "supply":
        return _list_behind(findings, country)
    roles = {"tools": ("capital",), "permission": ("licence",), "value": ("flow", "licence"), "control": ("flow",)}
    basis = "control" if kind in {"permission", "control"} else "location"
    nodes = {node for role in roles[kind] for node in findings.suppliers.get(role, ())}
    rows = [row for row in findings.shares_of.get((country, basis), ()) if row["node"] in nodes]
    rows.sort(key=lambda row: -(row["share"] or 0.0) * (findings.nodes[row["node"]].market.value or 0.0))
    return tuple((f"shares/{row['node']}/{country}/{basis}", None) for row in rows)


def _list_behind(findings: Findings, country: str) -> tuple[tuple[str, float | None], ...]:
    """Return the rows behind the production for home that takes place in a country."""
    rows = [row for row in findings.behind if row["country"] == country]
    return _weigh((_place(findings, row["node"], country), row["value"]) for row in rows)


def _list_direct(findings: Findings, country: str) -> tuple[tuple[str, float | None], ...]:
    """Return the rows behind a country's part in the chips as home buys them."""
    bought = set(findings.exposure.use.loc[findings.home].index)
    rows = [row for row in findings.behind if row["country"] == country and row["node"] in bought]
    return _weigh((_place(findings, row["node"], country), row["value"]) for row in rows)


def _supply(findings: Findings, _home: str, node: str, country: str) -> Result:
    """Return the part of a country in what stands of one node behind home's chips."""
    rows = {row["country"]: row for row in findings.behind if row["node"] == node}
    figure = Figure(rows[country]["share"], "fraction", year=findings.year, grade=findings.exposure_grade)
    return Result(figure, ((_place(findings, node, country), None),))


def _production(findings: Findings, _home: str) -> Result:
    total = sum(row["value"] for row in findings.behind)
    figure = Figure(total, "USD/year", year=findings.year, grade=findings.exposure_grade)
    parts = ((_place(findings, row["node"], row["country"]), row["value"]) for row in findings.behind)
    return Result(figure, _weigh(parts))


def _soft(findings: Findings, _home: str, node: str = "", country: str = "") -> Result:
    """Return the part of the production that is assumed or unknown, of all or of one node in one country."""
    if node:
        value = findings.soft_parts[node, country] / sum(row["value"] for row in findings.behind)
        figure = Figure(value, "fraction", year=findings.year, grade="assumed")
        return Result(figure, ((_place(findings, node, country), None),))
    parts = _weigh((_place(findings, node, country), value) for (node, country), value in findings.soft_parts.items())
    figure = Figure(findings.soft, "fraction", year=findings.year, grade=findings.exposure_grade)
    return Result(figure, parts)


def _order(findings: Findings, _home: str, first: str, second: str) -> Result:
    """Return in which part of the draws home depends more on the first country than on the second."""
    figure = Figure(findings.order_holds(first, second), "fraction", year=findings.year, grade="estimated")
    return Result(figure, (*_list_behind(findings, first), *_list_behind(findings, second)))


def _position(findings: Findings, country: str, measure: str) -> Result:
    """Return a measure of a country as it stands beside others."""
    row = findings.summary[(measure, country)]
    unknown = row["value"] is None
    figure = Figure(
        row["value"],
        row["unit"],
        row["low"],
        row["high"],
        findings.year,
        "unknown" if unknown else findings.exposure_grade,
    )
    return Result(figure, tuple((locate_share(item), None) for item in findings.held_by(country, users=True)))


# --- what a saved run says -----------------------------------------------------------------------


def _ask_run(_findings: Findings, *_parts: str) -> Result:
    """Refuse: what a saved run says is asked of the run (`pondasi.report.evidence.Tells`), and here there is none."""
    raise LookupError


# --- the world's chain ---------------------------------------------------------------------------


def _concentration(findings: Findings, node: str, name: str) -> Result:
    _require(node in findings.concentrated and name in {"cr1", "cr3", "hhi"})
    row = findings.concentrated[node]
    held = sorted(
        (item for (there, _), item in findings.holdings.items() if there == node),
        key=lambda item: -(item.part.value or 0.0),
    )
    weights: dict[str, float] = {grade: findings.weighed[node][grade] for grade in GRADES}
    grade = "unknown" if row[name] is None else grade_of(weights)
    low, high = (row["hhi_low"], row["hhi_high"]) if name == "hhi" else (None, None)
    figure = Figure(row[name], "index" if name == "hhi" else "fraction", low, high, findings.year, grade)
    return Result(figure, tuple((locate_share(item), item.part.value) for item in held))


def _coverage(findings: Findings, stage: str) -> Result:
    """Return the mean part of a node's output whose place is assumed or unknown, of all nodes or of a stage."""
    nodes = [node for node in findings.nodes.values() if not node.is_user and stage in {"places", node.stage}]
    _require(bool(nodes))
    soft = {node.id: findings.weighed[node.id]["assumed"] + findings.weighed[node.id]["unknown"] for node in nodes}
    value = sum(soft.values()) / len(soft)
    parts = _weigh((f"nodes/{node}", part) for node, part in soft.items())
    return Result(Figure(value, "fraction", year=findings.year, grade="estimated"), parts)


def _count(findings: Findings, what: str, *more: str) -> Result:
    if what == "figures":
        table, grade = more
        row = index_rows(findings.grades.reset_index(), "table")[table]
        parts = tuple((place, None) for place in _list_graded(findings, table, grade))
        return Result(Figure(row[grade], "count", grade="exact"), parts)
    found = _COUNTED[what](findings, *more)
    return Result(Figure(len(found), "count", grade="exact"), tuple((place, None) for place in found))


def _count_made(findings: Findings, country: str) -> list[str]:
    return [locate_share(item) for item in findings.held_by(country)]


def _count_large(findings: Findings, country: str) -> list[str]:
    return [locate_share(item) for item in findings.held_by(country) if (item.part.value or 0.0) > LARGE]


def _count_chokepoints(findings: Findings, country: str = "") -> list[str]:
    return [locate_share(item) for item in findings.chokepoints if country in {"", item.country}]


def _count_gaps(findings: Findings, what: str) -> list[str]:
    gaps = findings.flows.gaps
    if what == "blank":
        blank = findings.chain.shares[findings.chain.shares["share"].isna()]
        return [f"shares/{row['node']}/{row['country']}/{row['basis']}" for row in list_rows(blank)]
    if what == "link":
        return [f"links/{supplier}/{user}" for supplier, user in gaps.links_without_size]
    return [f"nodes/{node}" for node in {"market": gaps.nodes_without_market, "share": gaps.nodes_without_share}[what]]


def _list_graded(findings: Findings, table: str, grade: str) -> list[str]:
    """Return the rows of a table whose figure has a grade; those of single firms stand under their country."""
    value = FIGURES[table][0]
    rows = [row for row in list_rows(findings.chain.tables[table]) if row.get("firm") is None]
    return [name_row(table, row) for row in rows if grade == ("unknown" if row[value] is None else row["grade"])]


def name_row(table: str, row: Mapping[str, Any]) -> str:
    """Return the place of a row: its table and its key, the firm left out."""
    columns = load_dictionary().tables[table]
    keys = [name for name, column in columns.items() if column.key and name != "firm"]
    return "/".join([table, *(str(row[name]) for name in keys)])


_COUNTED: Mapping[str, Callable[..., list[str]]] = {
    "nodes": lambda findings: [f"nodes/{node.id}" for node in findings.nodes.values() if not node.is_user],
    "links": lambda findings: [name_row("links", row) for row in list_rows(findings.chain.links)],
    "soft_links": lambda findings: [
        name_row("links", row)
        for row in list_rows(findings.chain.links)
        if row["sales_share"] is None or row["grade"] not in {"exact", "estimated"}
    ],
    "steered": lambda findings: [f"nodes/{node}" for node in sorted({node for node, _ in findings.flows.prior or {}})],
    "made": _count_made,
    "large": _count_large,
    "chokepoints": _count_chokepoints,
    "gaps": _count_gaps,
}


# --- what the method sets ------------------------------------------------------------------------


def _rule(findings: Findings, name: str) -> Result:
    if name == "draws":
        return Result(Figure(findings.exposure.draws, "count", grade="exact"))
    return Result(Figure({"half": CHOKEPOINT, "large": LARGE}[name], "fraction", grade="exact"))


def _year(findings: Findings) -> Result:
    users = [f"nodes/{node.id}" for node in findings.nodes.values() if node.is_user]
    return Result(Figure(findings.year, "year", grade="exact"), tuple((place, None) for place in users))


RESULTS: Mapping[str, Kin] = {
    "use": Kin("use/HOME, use/HOME/part, use/HOME/NODE", _use, of_home=True),
    "exposure": Kin(
        "exposure/HOME/PLACE, exposure/HOME/PLACE/" + "|".join((*KINDS, "direct", "amount")), _exposure, of_home=True
    ),
    "supply": Kin("supply/HOME/NODE/PLACE", _supply, of_home=True),
    "order": Kin("order/HOME/PLACE/PLACE", _order, of_home=True),
    "position": Kin("position/COUNTRY/MEASURE", _position, of_home=True),
    "stress": Kin("stress/HOME/SHOCK/gross|net|depth|...", _ask_run, of_home=True),
    "stress_run": Kin("stress_run/HOME/draws|weeks", _ask_run, of_home=True),
    "plan": Kin(
        "plan/HOME/value|most|fresh, plan/HOME/begins|chance/STEP, plan/HOME/paid/KIND/YEAR, ...",
        _ask_run,
        of_home=True,
    ),
    "plan_run": Kin("plan_run/HOME/scenarios|futures|draws|...", _ask_run, of_home=True),
    "sensitivity": Kin(
        "sensitivity/HOME/SHOCK/gross, sensitivity/HOME/SHOCK/effect/GROUP, ...", _ask_run, of_home=True
    ),
    "sensitivity_run": Kin("sensitivity_run/HOME/paths|weeks|points", _ask_run, of_home=True),
    "sample": Kin("sample/HOME/rate|mean|felt|worst, sample/HOME/exceed/YEARS, ...", _ask_run, of_home=True),
    "sample_run": Kin("sample_run/HOME/scenarios|weeks|years", _ask_run, of_home=True),
    "critical": Kin("critical/HOME/NODE/PLACE/gross|net|depth|survive|recover|...", _ask_run, of_home=True),
    "critical_run": Kin("critical_run/HOME/stop|weeks", _ask_run, of_home=True),
    "others": Kin("others/HOME/share/STEP, others/HOME/count/plans|sure|steps", _ask_run, of_home=True),
    "others_run": Kin("others_run/HOME/slack|soon", _ask_run, of_home=True),
    "assumptions": Kin(
        "assumptions/HOME/value|kept/low|high/GROUP, assumptions/HOME/changed|sure/GROUP, assumptions/HOME/share/STEP, ...",
        _ask_run,
        of_home=True,
    ),
    "units": Kin("units/HOME/KIND/ITEM/YEAR/low|high", _ask_run, of_home=True),
    "worth": Kin("worth/HOME/GAIN/low|high", _ask_run, of_home=True),
    "front": Kin("front/HOME/AIM/reached/N, front/HOME/AIM/cost/N/low|high", _ask_run, of_home=True),
    "partners": Kin("partners/HOME/PLACE/shapley|alone|last/low|high, ...", _ask_run, of_home=True),
    "partners_run": Kin("partners_run/HOME/solved|groups", _ask_run, of_home=True),
    "production": Kin("production/HOME", _production, of_home=True),
    "soft": Kin("soft/HOME, soft/HOME/NODE/PLACE", _soft, of_home=True),
    "concentration": Kin("concentration/NODE/cr1|cr3|hhi", _concentration),
    "coverage": Kin("coverage/places, coverage/STAGE", _coverage),
    "count": Kin("count/" + "|".join((*_COUNTED, "figures")) + "/...", _count),
    "rule": Kin("rule/half|large|draws", _rule),
    "year": Kin("year", _year),
}
"""Kinds of results by the first part of their name."""


def _weigh(parts: Iterable[tuple[str, float]]) -> tuple[tuple[str, float | None], ...]:
    """Return parts with their weight in the whole, largest first."""
    ranked = sorted(parts, key=lambda part: -part[1])
    total = sum(value for _, value in ranked)
    return tuple((place, value / total if total else None) for place, value in ranked)


def _place(findings: Findings, node: str, country: str) -> str:
    """Return the row of a share; of what no row assigns to a country, the row of the node."""
    item = findings.holdings.get((node, country))
    return f"nodes/{node}" if item is None else locate_share(item)


def _require(holds: bool) -> None:  # noqa: FBT001 - a condition
    """Raise a LookupError, which whoever asked turns into a plain refusal."""
    if not holds:
        raise LookupError
