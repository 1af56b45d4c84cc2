"""Chains of any size, made up: figures are drawn, the shape is that of real chip-chain data.

The default size is that of the ETO data set (126 nodes, 139 links, 400 firms). Nodes stand in layers from
raw materials to users of chips; tools, their service and rights come in from the side. Each node's sales
are what its inputs cost and something more, so the accounts close and the pack passes every check.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pondasi.chain.load import build_chain
from pondasi.places import ROW, load_countries

if TYPE_CHECKING:
    from pondasi.chain.records import Chain

ORIGIN = {"grade": "assumed", "source": "drawn"}


@dataclass(frozen=True)
class Size:
    """How large a made-up chain is.

    ``makers`` countries make something of each node, out of ``countries``; ``firms`` hold ``holdings``
    shares each.
    """

    nodes: int = 126
    links: int = 140
    countries: int = 60
    makers: int = 60
    firms: int = 400
    holdings: int = 3
    users: int = 6


ETO = Size()
"""The size of the ETO data, with every country in every node: the most that such data can hold."""
ETO_ROWS = Size(makers=10)
"""The same with ten countries a node: 1,200 shares of firms as the ETO data have, and 2,520 of countries."""


def make_chain(size: Size = ETO, seed: int = 0) -> Chain:
    """Return a made-up chain that passes every check."""
    return build_chain(make_tables(size, seed), id="synthetic", version=str(seed))


def make_tables(size: Size = ETO, seed: int = 0) -> dict[str, pd.DataFrame]:
    """Return the tables of a made-up chain."""
    draws = np.random.default_rng(seed)
    kinds = _kinds(size, draws)
    links = _links(size, kinds, draws)
    markets, outputs, service = _close_accounts(kinds, links, draws)
    frame = pd.DataFrame
    nodes = frame({"node": list(kinds), "stage": [KINDS[kind][0] for kind in kinds.values()]})
    nodes["kind"] = [KINDS[kind][1] for kind in kinds.values()]
    nodes = nodes.assign(**{f"name_{language}": nodes["node"] for language in ("en", "id", "ja")})
    nodes = _with_interval(nodes.assign(market_usd=nodes["node"].map(markets)), "market_usd", "market_", 0.2)
    traits = pd.concat(
        [
            frame({"node": list(outputs), "trait": "user_industry_output_usd", "value": list(outputs.values())}),
            frame({"node": list(service), "trait": "service_sales_usd", "value": list(service.values())}),
        ]
    ).assign(unit="USD/year")
    source = {"source": "drawn", "publisher": "benchmarks", "title": "drawn at random", "year": 2025}
    tables = {
        "nodes": nodes.assign(market_year=2025),
        "links": _with_interval(links.assign(essentiality="critical", year=2025), "sales_share", "", 0.2),
        "shares": _shares(size, list(kinds), draws).assign(year=2025),
        "traits": _with_interval(traits.assign(year=2025), "value", "", 0.2),
    }
    sources = frame([{**source, "licence": "own", "evidence": "judged", "confidence": "low"}])
    return {name: table.assign(**ORIGIN) for name, table in tables.items()} | {"sources": sources}


KINDS = {
    "material": ("materials", "material"),
    "tool": ("equipment", "tool"),
    "right": ("design", "licence"),
    "chip": ("packaging", "product"),
    "use": ("demand", "product"),
}


def _kinds(size: Size, draws: np.random.Generator) -> dict[str, str]:
    """Return the nodes, suppliers first, and what each is: most are tools, as in the ETO data."""
    inner = size.nodes - size.users
    many = {"material": inner // 5, "right": inner // 15, "chip": inner // 6}
    many = {"tool": inner - sum(many.values()), **many, "use": size.users}
    kinds = [kind for kind in ("tool", "right", "material") for _ in range(many[kind])]
    draws.shuffle(kinds)
    kinds += ["chip"] * many["chip"] + ["use"] * many["use"]
    return {f"{kind}_{number:04d}": kind for number, kind in enumerate(kinds)}


ROLES = {"material": "flow", "tool": "capital", "right": "licence", "chip": "flow"}


def _links(size: Size, kinds: dict[str, str], draws: np.random.Generator) -> pd.DataFrame:
    """Return links from earlier nodes to later ones: one from each node, and more until there are enough."""
    names = list(kinds)
    first_use = len(names) - size.users
    # Tools and rights go to makers; only what is made goes on to users.
    makers = [place for place, kind in enumerate(kinds.values()) if kind in {"material", "chip"}]
    pairs: dict[tuple[int, int], None] = {}
    sellers = list(range(first_use))
    while len(pairs) < max(size.links, first_use):
        seller = sellers[len(pairs)] if len(pairs) < first_use else int(draws.choice(sellers))
        later = [place for place in makers if place > seller]
        if kinds[names[seller]] == "chip":
            later = [*later[:3], *range(first_use, len(names))]
        pairs[seller, int(draws.choice(later))] = None
    table = pd.DataFrame(
        [(names[i], names[j], ROLES[kinds[names[i]]]) for i, j in pairs], columns=["supplier", "user", "role"]
    )
    weights = pd.Series(draws.uniform(0.2, 1.0, len(table)))
    return table.assign(sales_share=0.95 * weights / weights.groupby(table["supplier"]).transform("sum"))


def _close_accounts(
    kinds: dict[str, str], links: pd.DataFrame, draws: np.random.Generator
) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """Return sales, users' output and tools' service, so that no node buys more than it sells."""
    inputs = dict.fromkeys(kinds, 0.0)
    markets: dict[str, float] = {}
    outputs: dict[str, float] = {}
    service: dict[str, float] = {}
    by_supplier = dict(list(links.groupby("supplier")))
    for node, kind in kinds.items():
        markets[node] = inputs[node] if kind == "use" else inputs[node] * 1.2 + float(draws.uniform(1e8, 1e10))
        if kind == "use":
            outputs[node] = 10 * inputs[node] + 1e9
        if kind == "tool":
            service[node] = 0.3 * markets[node]
        sold = service.get(node, markets[node])
        for link in by_supplier[node].itertuples() if node in by_supplier else ():
            inputs[link.user] += sold * link.sales_share
    return markets, outputs, service


def _shares(size: Size, nodes: list[str], draws: np.random.Generator) -> pd.DataFrame:
    codes = [code for code in sorted(load_countries()) if len(code) == len(ROW)][: size.countries - 1]
    codes = [*codes, ROW]
    tables = []
    for node in nodes:
        for basis in ("location", "control"):
            share = np.round(draws.dirichlet(np.full(size.makers, 0.5)), 6)
            places = draws.choice(codes, size.makers, replace=False)
            tables.append(pd.DataFrame({"node": node, "country": places, "basis": basis, "share": share}))
    whole = pd.concat(tables, ignore_index=True)
    held = whole[whole["basis"] == "control"].sort_values("share", ascending=False, kind="stable")
    held = held.head(size.firms * size.holdings)
    firms = held.assign(firm=[f"firm {number % size.firms}" for number in range(len(held))], share=held["share"] / 2)
    return _with_interval(pd.concat([whole, firms], ignore_index=True), "share", "", 0.2)


def _with_interval(table: pd.DataFrame, name: str, prefix: str, width: float) -> pd.DataFrame:
    high = table[name] * (1 + width)
    limit = 1.0 if name in {"share", "sales_share"} else np.inf
    return table.assign(**{f"{prefix}low": table[name] * (1 - width), f"{prefix}high": high.clip(upper=limit)})


def draw_exports(countries: int, products: int, years: int = 1, seed: int = 0) -> np.ndarray:
    """Return made-up exports, shape (years, countries, products): skilled countries make more and rarer goods.

    Each year is the year before with a little noise; about a third of the pairs is zero.
    """
    draw = np.random.default_rng(seed)
    skill, need = draw.normal(size=(countries, 1)), draw.normal(size=(1, products))
    base = (
        draw.normal(size=(countries, products)) * 2 + 3 - 1.5 * np.abs(skill - need) + draw.normal(size=(countries, 1))
    )
    made = draw.random((countries, products)) < 1 / (1 + np.exp(need - skill - 0.8))
    noise = draw.normal(size=(years, countries, products)).cumsum(axis=0) * 0.1
    return np.exp(base + noise) * made
