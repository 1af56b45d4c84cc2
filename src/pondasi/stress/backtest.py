"""Hold a model against what happened, on rows that were fixed before its first run (stress.30 to stress.37)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import pandas as pd

from pondasi.stress.score_rows import load_score_rows
from pondasi.stress.scoring import (
    CAP,
    LOSS_LIMIT,
    balance_accuracy,
    compare_scores,
    count_coverage,
    flip_signs,
    mean_and_median,
    miss_weeks,
    score_interval,
    score_loss,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pondasi.stress.score_rows import Override, ScoreRow, ScoreSheet
    from pondasi.stress.scoring import Balance, Coverage, Paired

ACCURACY_TARGET = 0.85
"""Balanced accuracy of nulls and losses that the model is meant to reach."""
P_TARGET = 0.05
"""Largest p of the paired test, where the number of rows allows one so small."""


class Run(Protocol):
    """A model: takes a row and the figures of its year, returns what it says.

    The answer holds ``lost`` (lost fraction over the weeks of the row, net of what is made up in them),
    ``unbuffered`` (the same without stocks and without other sources), or for rows of timing ``weeks``;
    and where it has them ``low`` and ``high``, the 80 per cent interval of ``lost`` or ``weeks``.
    """

    def __call__(self, row: ScoreRow, overrides: tuple[Override, ...]) -> Mapping[str, float | None]:
        """Return what the model says of a row."""
        ...


@dataclass(frozen=True)
class RowResult:
    """What a model says of one row, beside what was seen.

    Parameters
    ----------
    row
        The row.
    model, low, high
        In the unit of the row; None where the model has none.
    lost, unbuffered
        Fractions.
    score, naive_score
        For losses: distance of the logarithms, at most ln 10.
    represented
        For nulls: whether a model without stocks and other sources would see a loss.
    interval_score, covered
        For losses with an interval.
    miss_weeks
        For timing: weeks outside of what was observed.
    """

    row: ScoreRow
    model: float | None
    low: float | None = None
    high: float | None = None
    lost: float | None = None
    unbuffered: float | None = None
    score: float | None = None
    naive_score: float | None = None
    represented: bool | None = None
    interval_score: float | None = None
    covered: bool | None = None
    miss_weeks: float | None = None

    @property
    def used(self) -> bool:
        """Whether the row counts in the end: a null must also be represented."""
        return self.row.counted and self.represented is not False

    @property
    def said_loss(self) -> bool | None:
        """Whether the model says that there is a loss."""
        return None if self.lost is None else self.lost > LOSS_LIMIT


@dataclass(frozen=True)
class Backtest:
    """The score of a model over all rows that count.

    Parameters
    ----------
    results
        One per row that was run.
    mean, median, naive_mean, null_mean
        Scores of losses; the model that says nothing has ln 10 in each.
    against_naive, against_null
        Paired on the same rows.
    balance
        Losses seen and nulls left alone.
    coverage, interval_mean
        Losses inside their interval; None where the model gives no intervals.
    """

    results: tuple[RowResult, ...] = field(repr=False)
    mean: float
    median: float
    naive_mean: float
    null_mean: float
    against_naive: Paired
    against_null: Paired
    balance: Balance
    coverage: Coverage | None
    interval_mean: float | None

    @property
    def targets(self) -> dict[str, bool | None]:
        """Which targets are met; None where there are too few rows to tell."""
        accuracy, naive, null = self.balance.accuracy, self.against_naive, self.against_null
        return {
            "balanced_accuracy": None if accuracy is None else accuracy >= ACCURACY_TARGET,
            "below_naive": naive.mean < 0 if naive.test.rows else None,
            "below_null": null.mean < 0 if null.test.rows else None,
            "p_naive": None if self.p_within_reach >= P_TARGET else naive.mean < 0 and naive.test.differ < P_TARGET,
            "p_null": None if null.test.smallest >= P_TARGET else null.mean < 0 and null.test.differ < P_TARGET,
        }

    @property
    def p_within_reach(self) -> float:
        """The smallest p against the naive figures that a model without any error would have.

        A row in which the naive figure lies within what was observed cannot be won.
        """
        scores = [r.naive_score for r in self.results if r.used and r.row.kind == "loss" and r.naive_score is not None]
        return flip_signs([-score for score in scores]).differ

    @property
    def passed(self) -> bool:
        """Whether no target is missed."""
        return False not in self.targets.values()

    @property
    def table(self) -> pd.DataFrame:
        """One row per outcome: what was seen, what the model and the naive figure say, and the scores."""
        return pd.DataFrame([_list_row(result) for result in self.results]).set_index("row")


def run_backtest(
    run: Run, sheet: ScoreSheet | None = None, *, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> Backtest:
    """Run a model on every row that can be run, and score those that count.

    Parameters
    ----------
    run
        The model.
    sheet
        The rows; those that ship by default.
    seed
        Of the bootstrap.
    progress
        Called with the rows done and their number.

    Example
    -------
    >>> def blind(row, overrides):
    ...     return {"lost": 0.0, "unbuffered": 1.0}
    >>> report = run_backtest(blind)
    >>> report.balance.accuracy, report.passed
    (0.5, False)
    """
    sheet = load_score_rows() if sheet is None else sheet
    rows = [row for row in sheet.rows if row.runs]
    results = []
    for number, row in enumerate(rows, start=1):
        results.append(judge_row(row, run(row, sheet.overrides[row.row])))
        if progress is not None:
            progress(number, len(rows))
    return score_results(tuple(results), seed=seed)


def judge_row(row: ScoreRow, said: Mapping[str, float | None]) -> RowResult:
    """Return what a model says of a row, in its unit and scored."""
    if row.observed is None or row.naive is None:
        raise ValueError(f"row {row.row} has nothing to compare")
    if row.kind == "timing":
        weeks = said.get("weeks")
        return RowResult(row, weeks, said.get("low"), said.get("high"), miss_weeks=miss_weeks(weeks, row.observed))
    lost, unbuffered = said.get("lost"), said.get("unbuffered")
    if lost is None or unbuffered is None or row.scale is None:
        raise ValueError(f"row {row.row} needs 'lost', 'unbuffered' and a scale")
    low, high = (None if end is None else end * row.scale for end in (said.get("low"), said.get("high")))
    base = RowResult(row, lost * row.scale, low, high, lost, unbuffered)
    if row.kind == "null":
        return RowResult(row, base.model, low, high, lost, unbuffered, represented=unbuffered > LOSS_LIMIT)
    interval = None if low is None or high is None else (low, high)
    return RowResult(
        row,
        base.model,
        low,
        high,
        lost,
        unbuffered,
        score=score_loss(lost * row.scale, row.observed),
        naive_score=score_loss(row.naive.value, row.observed),
        interval_score=None if interval is None else score_interval(*interval, row.observed),
        covered=None if interval is None else interval[0] <= row.observed.value <= interval[1],
    )


def score_results(results: tuple[RowResult, ...], *, seed: int = 0) -> Backtest:
    """Score the rows that count, one per independent event."""
    losses = [result for result in results if result.used and result.row.kind == "loss"]
    nulls = [result for result in results if result.used and result.row.kind == "null"]
    scores = [result.score for result in losses if result.score is not None]
    naive = [result.naive_score for result in losses if result.naive_score is not None]
    mean, median = mean_and_median(scores)
    covered = [result.covered for result in losses if result.covered is not None]
    widths = [result.interval_score for result in losses if result.interval_score is not None]
    return Backtest(
        results=results,
        mean=mean,
        median=median,
        naive_mean=mean_and_median(naive)[0],
        null_mean=CAP if scores else math.nan,
        against_naive=compare_scores(scores, naive, seed),
        against_null=compare_scores(scores, [CAP] * len(scores), seed),
        balance=balance_accuracy(_list_lost(losses), _list_lost(nulls)),
        coverage=count_coverage(sum(covered), len(covered)) if covered else None,
        interval_mean=mean_and_median(widths)[0] if widths else None,
    )


def _list_lost(results: list[RowResult]) -> list[float]:
    return [result.lost for result in results if result.lost is not None]


def _list_row(result: RowResult) -> dict[str, object]:
    row, seen, naive = result.row, result.row.observed, result.row.naive
    return {
        "row": row.row,
        "event": row.event,
        "kind": row.kind,
        "counted": result.used,
        "reason": "not_represented" if result.represented is False else row.reason,
        "unit": row.unit,
        **{f"observed{end}": getattr(seen, name) for end, name in _ENDS.items() if seen is not None},
        "naive": None if naive is None else naive.value,
        "model": result.model,
        "model_low": result.low,
        "model_high": result.high,
        "score": result.score,
        "naive_score": result.naive_score,
        "said_loss": result.said_loss if row.kind != "timing" else None,
        "interval_score": result.interval_score,
        "covered": result.covered,
        "miss_weeks": result.miss_weeks,
    }


_ENDS = {"": "value", "_low": "low", "_high": "high"}
"""Ends of the observed interval by the end of the column's name."""
