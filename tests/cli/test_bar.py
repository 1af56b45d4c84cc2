"""How far a search has come is written on a terminal, over and over on one line, and nowhere else."""

import sys

import numpy as np
import pytest

from pondasi.cli.bar import Ticker
from pondasi.currency import Money
from pondasi.words import LANGUAGES, Words


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_line_says_what_is_still_open_and_is_gone_at_the_end(language, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Ticker(Words(language), quiet=False) as ticker:
        tell = ticker.progress()
        assert tell is not None
        tell(-np.inf, np.inf)
        tell(100.0, 1333.0)
        tell(100.0, 107.0)
    captured = capsys.readouterr()
    assert captured.out == ""
    first, second, third, *last = captured.err.split("\r")[1:]
    assert "nan" not in first
    assert "inf" not in first
    assert str(Words(language).say("plan.side.money", value=Money(1.2e9))) in second
    assert str(Words(language).say("plan.side.money", value=Money(7e6))) in third
    assert "1,2" not in third.replace(".", ",")
    assert "".join(last).strip() == ""


def test_nothing_is_written_where_nobody_looks(monkeypatch, capsys):
    for tty, quiet in ((False, False), (True, True)):
        monkeypatch.setattr(sys.stderr, "isatty", lambda tty=tty: tty)
        with Ticker(Words("en"), quiet=quiet) as ticker:
            assert ticker.progress() is None
    assert capsys.readouterr().err == ""
