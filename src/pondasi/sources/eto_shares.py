"""The shares of the ETO set: countries and firms by head office, what is no country, and rounding."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pondasi.places import ROW, load_countries
from pondasi.sources.eto_set import read_year
from pondasi.sources.phrases import parse_percent

if TYPE_CHECKING:
    from collections import Counter

    from pondasi.sources.eto_set import EtoSet, Record
    from pondasi.sources.rows import Row

HALF_TENTH, HALF_WHOLE = 0.0005, 0.005
"""Largest rounding error of a percentage with one decimal, and of a whole one, as fractions."""
ACCEPTED = 1.02
"""Sum of shares up to which the check takes rounding on itself (chain.4)."""


@dataclass(frozen=True)
class Share:
    """A share as stated, with the country it belongs to; ROW where that is no country."""

    row: Row
    country: str
    firm: str | None
    value: float | None
    note: str = ""


def make_shares(eto: EtoSet, left_out: Counter[str]) -> list[Record]:
    """Return the rows of shares; count in ``left_out`` what has no place among them."""
    countries: dict[str, list[Share]] = {}
    firms: dict[str, list[Share]] = {}
    providers = {row["provider_id"]: row for row in eto.rows["providers"]}
    known = load_countries()
    for row in eto.rows["provision"]:
        node, provider = row["provided_id"], providers[row["provider_id"]]
        whole = provider["provider_type"] == "country"
        place = row["provider_name"] if whole else provider["country"]
        value = parse_percent(row["share_provided"])
        if node not in eto.nodes:
            left_out["stages"] += 1
        elif whole:
            countries.setdefault(node, []).append(Share(row, place if place in known else ROW, None, value))
        elif place in known:
            firms.setdefault(node, []).append(Share(row, place, row["provider_name"], value))
        else:
            left_out["firms"] += 1
    records = []
    for node in eto.nodes:
        wholes, parts = countries.get(node, []), firms.get(node, [])
        half = _find_rounding([*wholes, *parts])
        wholes = _scale_countries(_join_aggregates(wholes, left_out), half)
        parts = _scale_firms(parts, wholes, half)
        records += [_record(eto, share) for share in (*wholes, *parts)]
    return records


def _find_rounding(shares: list[Share]) -> float:
    """Return the largest rounding error of the percentages of a node."""
    whole = all(share.row["share_provided"].removesuffix(".0").isdigit() for share in shares if share.value is not None)
    return HALF_WHOLE if whole else HALF_TENTH


def _join_aggregates(shares: list[Share], left_out: Counter[str]) -> list[Share]:
    """Put one row of unknown size for the rest of the world in the place of all that are no countries."""
    others = [share for share in shares if share.country == ROW]
    left_out["places"] += len(others)
    others = [share for share in others if share.value != 0]
    kept = [share for share in shares if share.country != ROW]
    if others:
        stated = ", ".join(f"{share.row['provider_name']} {share.row['share_provided'] or '?'}%" for share in others)
        kept.append(Share(others[0].row, ROW, None, None, f"no country: {stated}; the remainder stays unknown"))
    return kept


def _scale_countries(shares: list[Share], half: float) -> list[Share]:
    """Scale shares that pass one by more than the check lets through, and by no more than rounding."""
    known = [share.value for share in shares if share.value is not None]
    total = math.fsum(known)
    if not ACCEPTED < total <= 1 + half * len(known):
        return shares
    return [_scale(share, 1 / total, f"scaled: the countries' percentages add up to {total:.1%}") for share in shares]


def _scale_firms(shares: list[Share], countries: list[Share], half: float) -> list[Share]:
    """Scale firms to their country where they pass it by rounding."""
    limits = {share.country: share.value for share in countries if share.value is not None}
    groups: dict[str, list[float]] = {}
    for share in shares:
        if share.value is not None and share.country in limits:
            groups.setdefault(share.country, []).append(share.value)
    factors = {}
    for country, values in groups.items():
        total, limit = math.fsum(values), limits[country]
        if limit < total <= limit + half * (len(values) + 1):
            factors[country] = limit / total
    note = "scaled to the country's share: percentages are rounded"
    return [_scale(share, factors[share.country], note) if share.country in factors else share for share in shares]


def _scale(share: Share, factor: float, note: str) -> Share:
    if share.value is None:
        return share
    return Share(share.row, share.country, share.firm, share.value * factor, note)


def _record(eto: EtoSet, share: Share) -> Record:
    return {
        "node": eto.nodes[share.row["provided_id"]],
        "country": share.country,
        "firm": share.firm,
        "basis": "control",
        "share": share.value,
        "low": None,
        "high": None,
        "year": read_year(share.row),
        "grade": "estimated",
        "source": eto.cite(share.row["source"]),
        "note": share.note or None,
    }
