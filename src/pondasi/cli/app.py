"""The entry point: language first, then verbs, then one place where errors become exit codes.

Exit codes: 0 done; 1 the answer is negative; 2 usage; 3 bad input; 4 missing extra or program;
5 interrupted.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from pondasi.cli.spoken import SpokenGroup, explain_usage, find_language
from pondasi.errors import PondasiError
from pondasi.words import Words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

INTERRUPTED = 5
USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    words = Words(find_language(given))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        code = make_group(words).main(given, prog_name="pondasi", standalone_mode=False)
    except click.ClickException as error:
        click.echo(explain_usage(error, words), err=True)
        click.echo(words.say("cli.try_help"), err=True)
        return USAGE
    except PondasiError as error:
        click.echo(words.error(error), err=True)
        return error.exit_code
    except OSError as error:
        where = error.filename if error.filename is not None else ""
        click.echo(words.say("cli.error.file", path=str(where), reason=error.strerror or str(error)), err=True)
        return USAGE
    except (KeyboardInterrupt, click.Abort):
        click.echo(words.say("cli.interrupted"), err=True)
        return INTERRUPTED
    return int(code or 0)


def make_group(words: Words) -> SpokenGroup:
    """Return the group of all verbs in one language."""
    verbs = {
        verb: _lazily(verb)
        for verb in (
            "position",
            "stress",
            "sensitivity",
            "plan",
            "partners",
            "brief",
            "explain",
            "coverage",
            "diff",
            "replay",
            "backtest",
            "check",
            "template",
            "build",
            "cases",
            "shocks",
            "sources",
            "doctor",
        )
    }
    version = click.Option(
        ["--version"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_show_version,
        help=words.say("cli.option.version"),
    )
    language = click.Option(
        ["--language"], type=click.Choice(["en", "id", "ja"]), expose_value=False, help=words.say("cli.option.language")
    )
    return SpokenGroup(
        name="pondasi",
        words=words,
        verbs=verbs,
        params=[version, language],
        help=words.say("cli.about"),
        context_settings={"max_content_width": 100},
    )


def _lazily(verb: str) -> Callable[[Words], click.Command]:
    def make(words: Words) -> click.Command:
        from importlib import import_module

        command: click.Command = import_module(f"pondasi.cli.{verb}").make_command(words)
        return command

    return make


def _show_version(ctx: click.Context, _option: click.Parameter, value: bool) -> None:
    if value:
        from importlib.metadata import version

        click.echo(version("pondasi"))
        ctx.exit()
