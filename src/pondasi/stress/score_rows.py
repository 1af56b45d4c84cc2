"""What the model is held against: one row per outcome, fixed before the first run (stress.30).

The rows cover every event of the set, scored or not, with the reason; figures of events that were kept
aside do not ship. Beside them stand the figures of the chain that differ in the year of the
event, each with its source: those of the row, and those that follow by rule from the state of the market
and from what had been set with the event in sight (`pondasi.stress.score_settings`).
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pondasi.errors import DataError, Place
from pondasi.stress.score_settings import SETTINGS, Settings
from pondasi.stress.shock_library import check_tables
from pondasi.stress.shocks import Interval
from pondasi.tables.cells import type_table
from pondasi.tables.dictionary import load_dictionary
from pondasi.tables.read import read_pack
from pondasi.tables.rows import list_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from pondasi.stress.score_settings import Setting


@dataclass(frozen=True)
class ScoreRow:
    """One outcome.

    Parameters
    ----------
    row, event
        Identifier, and number of the event in the set (several joined by +).
    shocks, starts
        Shocks of the library that are run together, and the week in which each starts.
    kind
        ``loss``, ``null`` (no loss was seen), ``timing``, or ``none`` (nothing to compare).
    counted, reason
        Whether it counts, and why, or why not.
    measure, nodes, countries
        Output of the model, summed by value over nodes and countries (none named: the world).
    from_week, to_week
        Time compared, in weeks after the first shock.
    scale
        What a lost fraction of one over that time is in ``unit``.
    observed, naive
        What was seen, and share times weeks of full outage.
    """

    row: str
    event: str
    shocks: tuple[str, ...]
    starts: tuple[float, ...]
    kind: str
    counted: bool
    reason: str
    measure: str
    nodes: tuple[str, ...]
    countries: tuple[str, ...]
    from_week: float
    to_week: float
    scale: float | None
    observed: Interval | None
    naive: Interval | None
    unit: str
    market: str
    grade: str
    sources: tuple[str, ...]
    note: str

    @property
    def runs(self) -> bool:
        """Whether a model can be run for it."""
        return self.kind != "none"


@dataclass(frozen=True)
class Override:
    """A figure of the chain as it was in the year of the event.

    ``changed`` is ``shares`` (of ``country`` in ``node``, by location; the others keep their proportions),
    ``traits`` (``trait`` of ``node``) or ``losses`` (of the hits at ``node``).
    """

    row: str
    changed: str
    node: str
    country: str
    trait: str
    value: Interval
    unit: str
    why: str
    grade: str
    sources: tuple[str, ...]
    note: str


@dataclass(frozen=True)
class ScoreSheet:
    """All rows, and the overrides of each."""

    rows: tuple[ScoreRow, ...]
    overrides: Mapping[str, tuple[Override, ...]]


def load_score_rows(path: str | Path | None = None) -> ScoreSheet:
    """Return the rows of the backtest, by default those that ship.

    Parameters
    ----------
    path
        Another folder with the tables ``score_rows`` and, if it has any, ``score_overrides``: rows of events
        that were held out, say, with their shocks beside them (see `load_shocks`).

    Raises
    ------
    DataError
        With all problems of the tables.

    Example
    -------
    >>> sheet = load_score_rows()
    >>> sum(row.counted for row in sheet.rows if row.kind == "loss")
    6
    """
    shipped = _read_tables(Path(str(resources.files("pondasi") / "data" / "backtests")))
    typed = shipped if path is None else _read_tables(Path(path))
    rows = tuple(_read_row(row) for row in list_rows(typed["score_rows"]))
    own = [_read_override(row) for row in list_rows(typed["score_overrides"])] if "score_overrides" in typed else []
    settings = Settings({name: typed.get(name, shipped[name]) for name in SETTINGS})
    return ScoreSheet(rows, {row.row: _complete(row, [o for o in own if o.row == row.row], settings) for row in rows})


def _read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Return the tables of a folder, checked."""
    dictionary = load_dictionary()
    pack = read_pack(folder)
    typed = {name: type_table(pack, raw, dictionary) for name, raw in pack.tables.items()}
    check_tables(pack, typed)
    if "score_rows" not in typed:
        pack.add("table_missing", Place(pack.file), table="score_rows")
    errors = [problem for problem in pack.problems if problem.level == "error"]
    if errors:
        raise DataError(errors, "pack_has_problems", file=pack.file)
    return {name: table.frame for name, table in typed.items()}


def _complete(row: ScoreRow, own: list[Override], settings: Settings) -> tuple[Override, ...]:
    """Put what follows by rule behind the figures of the row, which come first."""
    if not row.runs:
        return tuple(own)
    told = {(o.node, o.trait) for o in own if o.changed == "traits"}
    found = settings.find(tuple(row.event.split("+")))
    return (*own, *(_follow(row.row, one) for one in found if (one.node, one.trait) not in told))


def _follow(row: str, setting: Setting) -> Override:
    return _read_override(
        {"row": row, "changed": "traits", "node": setting.node, "country": None, "why": setting.why, **setting.figure}
        | {"node": setting.node, "trait": setting.trait}
    )


def _read_row(row: dict[str, Any]) -> ScoreRow:
    return ScoreRow(
        row=row["row"],
        event=row["event"],
        shocks=_split(row["shocks"]),
        starts=tuple(float(week) for week in _split(row["starts"])),
        kind=row["kind"],
        counted=row["counted"] == "yes",
        reason=row["reason"],
        measure=row["measure"] or "",
        nodes=_split(row["nodes"]),
        countries=_split(row["countries"]),
        from_week=row["from_week"] or 0.0,
        to_week=row["to_week"] or 0.0,
        scale=row["scale"],
        observed=_read_interval(row, "observed"),
        naive=_read_interval(row, "naive"),
        unit=row["unit"] or "",
        market=row["market"] or "",
        grade=row["grade"],
        sources=_split(row["source"]),
        note=row["note"] or "",
    )


def _read_override(row: dict[str, Any]) -> Override:
    return Override(
        row=row["row"],
        changed=row["changed"],
        node=row["node"],
        country=row["country"] or "",
        trait=row["trait"] or "",
        value=Interval(row["value"], row["low"], row["high"]),
        unit=row["unit"],
        why=row["why"],
        grade=row["grade"],
        sources=_split(row["source"]),
        note=row["note"] or "",
    )


def _read_interval(row: dict[str, Any], name: str) -> Interval | None:
    value = row[name]
    return None if value is None else Interval(value, row[f"{name}_low"], row[f"{name}_high"])


def _split(cell: str | None) -> tuple[str, ...]:
    return tuple(cell.split("|")) if cell else ()
