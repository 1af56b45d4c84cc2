"""Small chains for tests: written down in a few lines, or drawn at random."""

from collections.abc import Mapping, Sequence

import pandas as pd
from hypothesis import strategies as st

from pondasi.chain.load import build_chain
from pondasi.chain.records import Chain
from pondasi.chain.rules import OUTPUT_TRAIT, SERVICE_TRAIT
from pondasi.tables.dictionary import load_dictionary

COUNTRIES = ("DEU", "IDN", "JPN", "KOR", "TWN", "USA")

Interval = float | None | tuple[float | None, float | None, float | None]
"""A figure, or a figure with both ends; None is blank."""


def make_chain(
    markets: Mapping[str, Interval],
    links: Sequence[tuple],
    shares: Mapping[str, Mapping[str, Interval]],
    *,
    control: Mapping[str, Mapping[str, Interval]] | None = None,
    service: Mapping[str, Interval] | None = None,
    users: Mapping[str, Interval] | None = None,
    variants: Sequence[tuple[str, str]] = (),
    check: bool = True,
) -> Chain:
    """Make a chain: markets by node, links (supplier, user, role, share), shares by node and country.

    ``users`` are the nodes that use chips, with their industry's output; ``service`` is what tools sell
    beside new tools; ``variants`` are pairs (variant, family). Without ``control`` both bases are equal.
    To check takes most of the time; a test that draws many chains may leave it out.
    """
    users = users or {}
    nodes = [
        {
            "node": node,
            "stage": "demand" if node in users else "materials",
            "kind": "product",
            "name_en": node,
            "name_id": node,
            "name_ja": node,
            **figure("market_usd", market, "market_"),
            "market_year": 2025,
            **ORIGIN,
        }
        for node, market in markets.items()
    ]
    traits = [
        {"node": node, "trait": trait, **figure("value", value), "unit": "USD/year", **ORIGIN}
        for trait, rows in ((SERVICE_TRAIT, service or {}), (OUTPUT_TRAIT, users))
        for node, value in rows.items()
    ]
    bases = {"location": shares, "control": shares if control is None else control}
    tables = {
        "nodes": nodes,
        "links": [
            {
                "supplier": supplier,
                "user": user,
                "role": role,
                "essentiality": "critical",
                **figure("sales_share", share),
                **ORIGIN,
            }
            for supplier, user, role, share in links
        ],
        "shares": [
            {"node": node, "country": country, "basis": basis, **figure("share", share), **ORIGIN}
            for basis, table in bases.items()
            for node, row in table.items()
            for country, share in row.items()
        ],
        "traits": traits,
        "variants": [
            {"variant": variant, "family": family, **figure("substitution", 1.0), **ORIGIN}
            for variant, family in variants
        ],
        "sources": [SOURCE],
    }
    frames = {
        name: pd.DataFrame(rows, columns=list(columns)).astype(
            {column.name: TYPES.get(column.type, "str") for column in columns.values()}
        )
        for name, columns in load_dictionary().tables.items()
        if (rows := tables.get(name)) is not None
    }
    return build_chain(frames) if check else Chain(frames)


TYPES = {"number": "float64", "year": "Int64"}


ORIGIN = {"grade": "estimated", "source": "s"}
SOURCE = {
    "source": "s",
    "publisher": "p",
    "title": "t",
    "year": 2025,
    "licence": "own",
    "evidence": "seen",
    "confidence": "high",
}


def figure(name: str, value: Interval, prefix: str = "") -> dict[str, float | None]:
    """Return the three columns of a figure; without an interval its ends are the figure itself."""
    middle, low, high = value if isinstance(value, tuple) else (value, value, value)
    return {name: middle, f"{prefix}low": low, f"{prefix}high": high}


def two_countries() -> Chain:
    """Return wafer -> chip -> use, with a tool, its service, a right and two countries."""
    return make_chain(
        {"wafer": 100.0, "tool": 40.0, "design": 300.0, "chip": 1000.0, "use": 1000.0},
        [
            ("wafer", "chip", "flow", 1.0),
            ("tool", "chip", "capital", 1.0),
            ("design", "chip", "licence", 1.0),
            ("chip", "use", "flow", 1.0),
        ],
        {
            "wafer": {"JPN": 0.8, "IDN": 0.2},
            "tool": {"JPN": 1.0},
            "design": {"USA": 1.0},
            "chip": {"IDN": 0.1, "JPN": 0.9},
            "use": {"IDN": 0.25, "JPN": 0.75},
        },
        service={"tool": 20.0},
        users={"use": 5000.0},
    )


shares_of_one = st.lists(st.floats(0.02, 1.0), min_size=1, max_size=4)


@st.composite
def random_shares(draw: st.DrawFn, *, whole: bool = True, spread: bool = False) -> dict[str, Interval]:
    """Draw shares of countries; if not ``whole``, some may be blank or missing; with ``spread``, intervals."""
    weights = draw(shares_of_one)
    countries = draw(st.permutations(COUNTRIES))[: len(weights)]
    sum_ = 1.0 if whole else draw(st.sampled_from([1.0, 1.0, 0.9, 0.5]))
    values: list[Interval] = [weight / sum(weights) * sum_ for weight in weights]
    if spread:
        widths = [draw(st.sampled_from([0.0, 0.1, 0.5])) for _ in values]
        values = [(v, v * (1 - w), min(1.0, v * (1 + w))) for v, w in zip(values, widths, strict=True)]
    if not whole and draw(st.booleans()):
        values[-1] = None
    return dict(zip(countries, values, strict=True))


@st.composite
def random_chains(draw: st.DrawFn, *, gaps: bool = False, spread: bool = False, circle: bool = False) -> Chain:
    """Draw a chain of materials, tools, rights, chips and users, whose inputs never pass its sales; not checked.

    With ``gaps`` some markets, shares and links are unknown; with ``spread`` figures have intervals; with
    ``circle`` some chips are used up in making materials.
    """
    makers = [f"m{number}" for number in range(draw(st.integers(1, 4)))]
    chips = [f"chip{number}" for number in range(draw(st.integers(1, 2)))]
    users = [f"use{number}" for number in range(draw(st.integers(1, 2)))]
    tools, rights = ["tool"] * draw(st.integers(0, 1)), ["right"] * draw(st.integers(0, 1))
    markets: dict[str, float] = {}
    inputs = dict.fromkeys([*makers, *chips, *users], 0.0)
    links, service = [], {}
    back = draw(st.floats(0.001, 0.02)) if circle else 0.0

    def sell(node: str, role: str, to: Sequence[str], most: float = 1.0) -> None:
        parts = [draw(st.floats(0.05, 1.0)) for _ in to]
        total = sum(parts) / (most * draw(st.sampled_from([1.0, 1.0, 0.6])))
        for user, part in zip(to, parts, strict=True):
            links.append((node, user, role, part / total))
            bought = {"flow": markets[node], "licence": markets[node], "capital": service.get(node, 0.0)}[role]
            inputs[user] += bought * part / total

    size = st.floats(0.1, 10.0)
    for node in [*tools, *rights]:
        markets[node] = draw(size)
        if node in tools and draw(st.booleans()):
            service[node] = draw(size)
        sell(node, "capital" if node in tools else "licence", [*makers[-1:], *chips])
    for place, node in enumerate([*makers, *chips]):
        markets[node] = (inputs[node] + draw(size)) * (1 + 10 * back)
        sell(node, "flow", (makers[place + 1 :] + chips) if node in makers else users, 1.0 - back)
    if circle:
        links.append(
            (chips[-1], makers[0], "flow", back * markets[makers[0]] / (markets[makers[0]] + markets[chips[-1]]))
        )
    markets.update({user: inputs[user] for user in users})
    shares = {node: draw(random_shares(whole=not gaps, spread=spread)) for node in markets}
    shares[users[0]] = {"IDN": 0.5, "JPN": 0.5}
    figures: dict[str, Interval] = dict(markets)
    if spread:
        figures = {node: (value, 0.8 * value, 1.3 * value) for node, value in markets.items()}
    if gaps:
        for node in makers:
            figures[node] = draw(st.sampled_from([figures[node], None]))
        links = [
            (*link[:3], draw(st.sampled_from([link[3], link[3], None]))) if link[0] in makers else link
            for link in links
        ]
    outputs = {user: 4 * inputs[user] + 1 for user in users}
    return make_chain(figures, links, shares, service=service, users=outputs, check=False)


def change(chain: Chain, **tables: pd.DataFrame) -> Chain:
    """Return a chain with some tables replaced."""
    return Chain({**chain.tables, **tables}, chain.id, chain.version)


def scale_money(chain: Chain, factor: float) -> Chain:
    """Return a chain in another currency."""
    nodes, traits = chain.nodes, chain.traits
    nodes = nodes.assign(**{name: nodes[name] * factor for name in ("market_usd", "market_low", "market_high")})
    by = traits["unit"].map({"USD/year": factor}).fillna(1.0)
    return change(
        chain, nodes=nodes, traits=traits.assign(**{name: traits[name] * by for name in ("value", "low", "high")})
    )


def split_country(chain: Chain, country: str, halves: tuple[str, str]) -> Chain:
    """Return a chain in which a country is two equal halves."""
    shares = chain.shares
    mine = shares["country"] == country
    half = shares[mine].assign(**{name: shares[name] / 2 for name in ("share", "low", "high")})
    parts = [half.assign(country=name).astype(shares.dtypes) for name in halves]
    return change(chain, shares=pd.concat([shares[~mine], *parts], ignore_index=True))


def shuffle(chain: Chain, seed: int) -> Chain:
    """Return a chain with the rows of every table in another order."""
    return change(
        chain,
        **{
            name: table.sample(frac=1, random_state=seed).reset_index(drop=True) for name, table in chain.tables.items()
        },
    )


def add_node(chain: Chain) -> Chain:
    """Return a chain with one node more that has nothing to do with the others."""
    nodes = pd.concat(
        [chain.nodes.head(1).assign(node="apart", market_usd=7.0, market_low=6.0, market_high=9.0), chain.nodes],
        ignore_index=True,
    )
    shares = pd.concat([chain.shares.head(1).assign(node="apart", share=1.0, low=1.0, high=1.0), chain.shares])
    return change(chain, nodes=nodes, shares=shares.reset_index(drop=True))
