"""The backtest as a page: the score in sentences, then every row, compared or with the reason why not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pondasi.report.numbers import MIN_DIGITS, Numbers
from pondasi.tables.dictionary import load_dictionary

if TYPE_CHECKING:
    from pondasi.stress.backtest import Backtest, RowResult
    from pondasi.stress.score_rows import ScoreRow, ScoreSheet
    from pondasi.stress.scoring import Paired
    from pondasi.words import Words


def render_backtest(report: Backtest, sheet: ScoreSheet, words: Words) -> str:
    """Return the page as Markdown.

    Parameters
    ----------
    report
        The scored model.
    sheet
        The rows; those that could not be run are listed with their reason.
    words
        Language of the page.

    Example
    -------
    >>> from pondasi import Words
    >>> from pondasi.stress.backtest import run_backtest
    >>> from pondasi.stress.score_rows import load_score_rows
    >>> report = run_backtest(lambda row, overrides: {"lost": 0.0, "unbuffered": 1.0})
    >>> page = render_backtest(report, load_score_rows(), Words("en"))
    >>> "Balanced accuracy: 50 %" in page
    True
    """
    numbers = Numbers(words)
    lines = [f"# {words.say('backtest.title')}", "", words.say("backtest.intro"), ""]
    lines += [f"- {sentence}" for sentence in say_score(report, words)]
    lines += ["", f"## {words.say('backtest.targets')}", ""]
    for name, met in report.targets.items():
        verdict = {True: "met", False: "missed", None: "out_of_reach"}[met]
        target = words.say(f"backtest.target.{name}")
        lines.append("- " + words.say("backtest.target_line", target=target, verdict=words.say(f"backtest.{verdict}")))
    lines += ["", f"## {words.say('backtest.rows')}", ""]
    columns = ("row", "event", "kind", "observed", "naive", "model", "score", "counts")
    lines += [_line([words.say(f"backtest.column.{name}") for name in columns]), "|" + " --- |" * len(columns)]
    lines += [_line(_show(result, words, numbers)) for result in report.results]
    lines += ["", f"## {words.say('backtest.left_out')}", ""]
    reasons = load_dictionary().codes["score_reason"]
    for row in sheet.rows:
        if not row.runs:
            reason = reasons[row.reason][words.language]
            lines.append("- " + words.say("backtest.left_out_line", row=row.row, event=row.event, reason=reason))
    return "\n".join([*lines, ""])


def say_score(report: Backtest, words: Words) -> list[str]:
    """Return the score as sentences."""
    numbers, balance = Numbers(words), report.balance
    accuracy = words.say("grade.unknown") if balance.accuracy is None else numbers.percent(balance.accuracy)
    sentences = [
        words.say(
            "backtest.balance",
            accuracy=accuracy,
            hits=balance.hits,
            losses=balance.losses,
            rejections=balance.rejections,
            nulls=balance.nulls,
        ),
        words.say(
            "backtest.distance",
            mean=_figure(report.mean, words),
            median=_figure(report.median, words),
            naive=_figure(report.naive_mean, words),
            null=_figure(report.null_mean, words),
        ),
        words.say(
            "backtest.against_naive", reach=numbers.plain(report.p_within_reach), **_pair(report.against_naive, words)
        ),
        words.say("backtest.against_null", **_pair(report.against_null, words)),
    ]
    if report.coverage is not None and report.interval_mean is not None:
        found = report.coverage
        sentences.append(
            words.say(
                "backtest.coverage",
                inside=found.inside,
                rows=found.rows,
                low=numbers.percent(found.low),
                high=numbers.percent(found.high),
                interval=numbers.plain(report.interval_mean),
            )
        )
    return sentences


def _pair(paired: Paired, words: Words) -> dict[str, str]:
    figures = {"mean": paired.mean, "low": paired.low, "high": paired.high, "p": paired.test.differ}
    return {name: _figure(value, words) for name, value in figures.items()}


def _figure(value: float, words: Words) -> str:
    """Say a score; there is none where no row has a loss."""
    return words.say("grade.unknown") if math.isnan(value) else Numbers(words).plain(value)


def _show(result: RowResult, words: Words, numbers: Numbers) -> list[str]:
    row, codes = result.row, load_dictionary().codes
    reason = words.say("backtest.not_represented") if result.represented is False else ""
    reason = reason or ("" if row.counted else codes["score_reason"][row.reason][words.language])
    model = (
        words.say("grade.unknown") if result.model is None else _span(result.model, result.low, result.high, numbers)
    )
    return [
        f"`{row.row}`",
        row.event,
        codes["score_kind"][row.kind][words.language],
        _observed(row, numbers, words),
        "" if row.naive is None else numbers.plain(row.naive.value),
        model,
        _score(result, words, numbers),
        reason or codes["yes_no"]["yes"][words.language],
    ]


def _observed(row: ScoreRow, numbers: Numbers, words: Words) -> str:
    seen = row.observed
    if seen is None:
        return ""
    unit = load_dictionary().units[row.unit].meaning[words.language]
    return words.say("backtest.with_unit", figure=_span(seen.value, seen.low, seen.high, numbers), unit=unit)


def _score(result: RowResult, words: Words, numbers: Numbers) -> str:
    if result.score is not None:
        return numbers.plain(result.score)
    if result.miss_weeks is not None:
        return words.say("backtest.weeks_off", weeks=numbers.plain(result.miss_weeks, MIN_DIGITS))
    if result.row.kind == "null":
        return words.say("backtest.false_alarm" if result.said_loss else "backtest.left_alone")
    return ""


def _span(value: float, low: float | None, high: float | None, numbers: Numbers) -> str:
    if low is None or high is None or low == value == high:
        return numbers.plain(value)
    return f"{numbers.plain(value)} ({numbers.plain(low)}–{numbers.plain(high)})"


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
