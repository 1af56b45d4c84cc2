"""Everything a brief speaks about, computed once: every figure on the page comes from here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from pondasi.chain.coverage import count_grades, weigh_grades
from pondasi.chain.flows import Flows, balance_flows
from pondasi.chain.shares import complete_shares
from pondasi.facts import Figure, Grade
from pondasi.places import ROW, UNKNOWN
from pondasi.position.concentration import measure_concentration
from pondasi.position.exposure import Exposure, measure_exposure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pondasi.chain.records import Chain

CHOKEPOINT = 0.5
"""A node is called a chokepoint when one country makes more than this part of it."""


@dataclass(frozen=True)
class Findings:
    """The figures behind a brief.

    Parameters
    ----------
    chain, flows, exposure
        What was measured on what.
    home, partner
        Country codes; the partner may be None.
    makes
        Rows of the home country in the share table (location), with the value it makes [USD/year].
    concentration
        As `measure_concentration`, with the home country's needed value per node [USD/year] as ``needed``.
    support
        Part of the production behind home's chips that rests on shares of each grade.
    grades, weights
        As `count_grades` and `weigh_grades`.
    """

    chain: Chain = field(repr=False)
    flows: Flows = field(repr=False)
    exposure: Exposure = field(repr=False)
    home: str
    partner: str | None
    makes: pd.DataFrame = field(repr=False)
    holds: pd.DataFrame = field(repr=False)
    concentration: pd.DataFrame = field(repr=False)
    support: Mapping[str, float]
    grades: pd.DataFrame = field(repr=False)
    weights: pd.DataFrame = field(repr=False)
    year: int

    @property
    def use(self) -> Figure:
        """Chips that the home country's industries use in a year."""
        rows = self.user_rows
        market = self.chain.nodes.set_index("node")["market_usd"]
        value, low, high = (float((rows[column] * rows["node"].map(market)).sum()) for column in ("share", "low", "high"))
        sources = tuple(dict.fromkeys(item for cell in rows["source"] for item in str(cell).split("|")))
        return Figure(value, "USD/year", low, high, self.year, grade_of(_by_weight(rows, market)), sources)

    @property
    def user_rows(self) -> pd.DataFrame:
        """Rows of the share table that give home's part of each user industry."""
        shares = self.chain.shares
        mine = (shares["country"] == self.home) & (shares["basis"] == "location") & shares["node"].isin(self.flows.users)
        return shares[mine & shares["firm"].isna()]

    @property
    def exposure_grade(self) -> Grade:
        """How firm the exposure is, by the weight of the shares behind it."""
        return grade_of(self.support)

    def part(self, country: str, kind: str = "supply") -> Figure:
        """Return the exposure of home to one country."""
        table = self.exposure.by_country.loc[self.home].loc[kind]
        if country not in table.index:
            return Figure(0.0, "fraction", 0.0, 0.0, self.year, self.exposure_grade)
        row = table.loc[country]
        return Figure(float(row["share"]), "fraction", _maybe(row, "low"), _maybe(row, "high"), self.year, self.exposure_grade)

    def partners(self, kind: str = "supply") -> list[str]:
        """Return foreign countries by falling exposure; home, the rest of the world and unknown left out."""
        ranked = self.exposure.of(self.home, kind)  # type: ignore[arg-type]
        return [code for code in ranked.index if code not in {self.home, ROW, UNKNOWN}]


def gather_findings(chain: Chain, home: str, partner: str | None = None, *, draws: int = 200, seed: int = 0) -> Findings:
    """Compute what a brief on ``home`` says."""
    flows = balance_flows(chain)
    exposure = measure_exposure(chain, [home], draws=draws, seed=seed, flows=flows)
    needed = exposure.by_node["value"].loc[home].groupby("node").sum()
    concentration = measure_concentration(chain)
    concentration["needed"] = needed.reindex(concentration.index)
    shares = complete_shares(chain).set_index(["node", "country"])
    by_node = exposure.by_node["value"].loc[home]
    support = by_node.groupby(shares["grade"].reindex(by_node.index)).sum()
    nodes = chain.nodes
    year = int(nodes.loc[nodes["node"].isin(flows.users), "market_year"].max())
    return Findings(
        chain=chain,
        flows=flows,
        exposure=exposure,
        home=home,
        partner=partner,
        makes=_made_by(chain, home),
        holds=_made_by(chain, partner) if partner else _made_by(chain, home).head(0),
        concentration=concentration,
        support={str(grade): float(value) for grade, value in (support / support.sum()).items()},
        grades=count_grades(chain),
        weights=weigh_grades(chain),
        year=year,
    )


def grade_of(weights: Mapping[str, float]) -> Grade:
    """Return the grade of a sum: assumed if more than half of its weight is assumed or unknown.

    Beside such a grade the assumed part itself is always shown.

    Example
    -------
    >>> grade_of({"estimated": 0.7, "assumed": 0.3}), grade_of({"exact": 1.0})
    ('estimated', 'exact')
    """
    total = sum(weights.values())
    soft = weights.get("assumed", 0.0) + weights.get("unknown", 0.0)
    if total and soft > total / 2:
        return "assumed"
    return "exact" if total and weights.get("exact", 0.0) == total else "estimated"


def _made_by(chain: Chain, country: str) -> pd.DataFrame:
    shares = chain.shares
    rows = shares[(shares["country"] == country) & (shares["basis"] == "location") & shares["firm"].isna()]
    nodes = chain.nodes.set_index("node")
    rows = rows.assign(stage=rows["node"].map(nodes["stage"]), value=rows["share"] * rows["node"].map(nodes["market_usd"]))
    users = set(chain.traits.loc[chain.traits["trait"] == "user_industry_output_usd", "node"])
    return rows[~rows["node"].isin(users)].sort_values("value", ascending=False).reset_index(drop=True)


def _by_weight(rows: pd.DataFrame, market: pd.Series) -> dict[str, float]:
    value = rows["share"] * rows["node"].map(market)
    return {str(grade): float(part) for grade, part in value.groupby(rows["grade"]).sum().items()}


def _maybe(row: pd.Series, name: str) -> float | None:
    return float(row[name]) if name in row.index and not pd.isna(row[name]) else None
