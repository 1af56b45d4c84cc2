"""Set the stage of an event: the chain as it was then, and its shocks on that chain (stress.30)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pondasi.chain.records import Chain
from pondasi.errors import UsageError
from pondasi.seeds import name_streams, read_streams
from pondasi.stress.resolve import resolve_shock
from pondasi.stress.schedule import join_schedules
from pondasi.stress.shocks import Interval, draw_triangle, pick_shock, vary_shock
from pondasi.tables.text import suggest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Literal

    from pondasi.stress.resolve import Holdings
    from pondasi.stress.schedule import Schedule
    from pondasi.stress.score_rows import Override, ScoreRow
    from pondasi.stress.shock_library import ShockLibrary
    from pondasi.stress.shocks import Hit, Shock

BASIS = "location"


def revise_chain(chain: Chain, overrides: Sequence[Override], sources: pd.DataFrame | None = None) -> Chain:
    """Return the chain with the shares and traits of the year of an event.

    A new share of one country moves the others of the node in proportion, so that their sum stays; rows of
    unknown size stay unknown.

    Parameters
    ----------
    chain
        The chain of today.
    overrides
        Of one row of the backtest; those of losses are left to `stage_row`.
    sources
        Rows of sources that the overrides name and the chain does not have.

    Example
    -------
    >>> from pondasi import load_chain
    >>> from pondasi.stress.score_rows import load_score_rows
    >>> then = revise_chain(load_chain(), load_score_rows().overrides["e05_wafers"])
    >>> rows = then.shares.query("node == 'wafer_300' and basis == 'location'").set_index("country")
    >>> float(rows.loc["JPN", "share"])
    0.6
    """
    tables = {name: chain.tables[name] for name in chain.tables}
    for override in overrides:
        if override.changed == "shares":
            tables["shares"] = _move_share(tables["shares"], override)
        elif override.changed == "traits":
            tables["traits"] = _set_trait(tables["traits"], override)
    if sources is not None:
        named = {source for override in overrides for source in override.sources}
        new = sources[sources["source"].isin(named - set(tables["sources"]["source"]))]
        tables["sources"] = pd.concat([tables["sources"], new], ignore_index=True)
    version = f"{chain.version}-{overrides[0].row}" if overrides else chain.version
    return Chain(tables, chain.id, version)


def stage_row(
    row: ScoreRow,
    overrides: Sequence[Override],
    library: ShockLibrary,
    labels: pd.MultiIndex,
    holdings: Holdings,
    *,
    end: Literal["low", "value", "high"] = "value",
    draw: tuple[int, int] | None = None,
) -> Schedule:
    """Return the shocks of a row on the chain of its year, each from its own week, as one scenario.

    Parameters
    ----------
    row, overrides
        The row, and what differs in its year (losses are read here).
    library
        Where its shocks stand.
    labels, holdings
        Suppliers of the revised chain, and what they hold.
    end
        Which reading of the shocks: mildest, central or worst.
    draw
        Instead: seed and number of a draw from all intervals.

    Raises
    ------
    UsageError
        If the library has no shock of a name in the row.
    """
    parts = []
    for name, week in zip(row.shocks, row.starts, strict=True):
        if name not in library.shocks:
            guess = suggest(name, library.shocks)
            raise UsageError("shock_unknown_guess" if guess else "shock_unknown", shock=name, guess=guess)
        shock = _set_losses(library.shocks[name], overrides)
        shock = pick_shock(shock, end) if draw is None else vary_shock(shock, *draw)
        parts.append(resolve_shock(_delay(shock, week), labels, holdings))
    joint = join_schedules(parts)
    return replace(joint, first=np.array([0, joint.rows], np.int64))


def vary_overrides(overrides: Sequence[Override], seed: int, scenario: int) -> tuple[Override, ...]:
    """Return the overrides at a draw from their intervals; each figure has a stream of its own."""
    names = [f"override/{o.row}/{o.changed}/{o.node}/{o.country}/{o.trait}/{scenario}" for o in overrides]
    levels = read_streams(name_streams(seed, names), 0) if names else np.zeros(0)
    drawn = [
        float(draw_triangle(level, o.value.low, o.value.value, o.value.high))
        for level, o in zip(levels, overrides, strict=True)
    ]
    return tuple(replace(o, value=Interval.exactly(x)) for o, x in zip(overrides, drawn, strict=True))


def _move_share(table: pd.DataFrame, override: Override) -> pd.DataFrame:
    """Set the share of one country; the known shares of the others keep their proportions and the sum."""
    key = {"node": override.node, "country": override.country, "basis": BASIS}
    table, here = _find_row(table, key)
    node = (table["node"] == override.node) & (table["basis"] == BASIS) & table["firm"].isna()
    known = node & table["share"].notna() & (table["country"] != override.country)
    total, others = float(table.loc[node, "share"].sum()), float(table.loc[known, "share"].sum())
    new = override.value.value
    factor = max(total - new, 0.0) / others if others > 0 else 0.0
    for name in ("share", "low", "high"):
        table.loc[known, name] = (table.loc[known, name] * factor).clip(0, 1)
    return _write(table, here, {"share": new, "low": override.value.low, "high": override.value.high}, override)


def _set_trait(table: pd.DataFrame, override: Override) -> pd.DataFrame:
    table, here = _find_row(table, {"node": override.node, "trait": override.trait})
    figures = {"value": override.value.value, "low": override.value.low, "high": override.value.high}
    return _write(table, here, {**figures, "unit": override.unit}, override)


def _find_row(table: pd.DataFrame, key: Mapping[str, str]) -> tuple[pd.DataFrame, int]:
    """Return a copy of the table and the place of the row of this key, added where there is none."""
    found = pd.Series(True, index=table.index)  # noqa: FBT003 - a mask
    for name, value in key.items():
        found &= table[name] == value
    if "firm" in table:
        found &= table["firm"].isna()
    if found.any():
        return table.copy(), int(np.flatnonzero(found)[0])
    row = pd.DataFrame([{**dict.fromkeys(table.columns), **key}]).astype(table.dtypes.to_dict())
    return pd.concat([table, row], ignore_index=True), len(table)


def _write(table: pd.DataFrame, here: int, figures: Mapping[str, float | str], override: Override) -> pd.DataFrame:
    origin = {"grade": override.grade, "source": "|".join(override.sources), "note": override.note or None}
    for name, value in {**figures, **origin}.items():
        table.loc[here, name] = value
    return table


def _set_losses(shock: Shock, overrides: Sequence[Override]) -> Shock:
    losses = {o.node: o for o in overrides if o.changed == "losses"}

    def set_loss(hit: Hit) -> Hit:
        found = [losses[node] for node in hit.nodes if node in losses and losses[node].country in {"", *hit.countries}]
        return replace(hit, loss=found[0].value, loss_of="hit") if found else hit

    return replace(shock, hits=tuple(set_loss(hit) for hit in shock.hits))


def _delay(shock: Shock, week: float) -> Shock:
    return replace(shock, hits=tuple(replace(hit, start_week=hit.start_week + week) for hit in shock.hits))
