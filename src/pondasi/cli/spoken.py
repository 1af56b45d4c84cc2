"""Click in the language of the user: help, headings and usage errors come from the catalogues."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from pondasi.words import LANGUAGES, Words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

VARIABLE = "PONDASI_LANGUAGE"
HELP = "--help"


def find_language(arguments: Sequence[str]) -> str:
    """Return the language of the interface: ``--language``, else ``PONDASI_LANGUAGE``, else English.

    It is needed before the arguments are parsed, since help and usage errors are texts as well. A
    language that does not exist is left to the option, which refuses it.
    """
    found = os.environ.get(VARIABLE) or LANGUAGES[0]
    for position, argument in enumerate(arguments):
        if argument == "--language" and position + 1 < len(arguments):
            found = arguments[position + 1]
        elif argument.startswith("--language="):
            found = argument.partition("=")[2]
    return found if found in LANGUAGES else LANGUAGES[0]


class SpokenCommand(click.Command):
    """A command whose help is made of catalogue entries ``cli.<verb>`` and ``cli.option.<name>``."""

    def __init__(self, *arguments: Any, words: Words, **attributes: Any) -> None:  # noqa: ANN401 - click's own signature
        super().__init__(*arguments, **attributes)
        self.words = words
        self.options_metavar = words.say("cli.options_piece")

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the usage line."""
        formatter.write_usage(
            ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), prefix=self.words.say("cli.usage") + " "
        )

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options."""
        options = [parameter for parameter in self.get_params(ctx) if isinstance(parameter, click.Option)]
        records = [record for option in options if (record := option.get_help_record(ctx)) is not None]
        if records:
            with formatter.section(self.words.say("cli.options")):
                required = self.words.say("cli.required")
                formatter.write_dl([(names, text.replace("[required]", required)) for names, text in records])

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return ``--help`` with its text in the user's language."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = self.words.say("cli.option.help")
        return option


class SpokenGroup(SpokenCommand, click.Group):
    """The verbs; each is loaded when it is asked for."""

    def __init__(
        self,
        *arguments: Any,  # noqa: ANN401 - click's own signature
        words: Words,
        verbs: dict[str, Callable[[Words], click.Command]],
        **attributes: Any,  # noqa: ANN401 - click's own signature
    ) -> None:
        super().__init__(*arguments, words=words, **attributes)
        self.subcommand_metavar = words.say("cli.verb_piece")
        self.verbs = verbs

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the verbs in the order of a user's work."""
        return list(self.verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Return a verb, or None if there is none of that name."""
        make = self.verbs.get(cmd_name)
        return None if make is None else make(self.words)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the verb and what is left; a misspelt one is named with the nearest."""
        from difflib import get_close_matches

        if args and args[0] not in self.verbs and not args[0].startswith("-"):
            near = get_close_matches(args[0], self.verbs, n=1, cutoff=0.5)
            key = "cli.error.verb_guess" if near else "cli.error.verb"
            raise UnknownVerbError(
                self.words.say(key, verb=args[0], guess=near[0] if near else "", known=", ".join(self.verbs)), ctx
            )
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options and the verbs."""
        super().format_options(ctx, formatter)
        with formatter.section(self.words.say("cli.verbs")):
            formatter.write_dl([(verb, self.words.say(f"cli.{verb}.short")) for verb in self.verbs])


class ListingGroup(SpokenGroup):
    """A verb with verbs of its own; without one, ``list`` is meant."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``list`` in front of options that stand alone."""
        named = HELP in args or any(not argument.startswith("-") and argument in self.verbs for argument in args)
        if not args or (args[0].startswith("-") and not named):
            args = ["list", *args]
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options and the verbs."""
        SpokenCommand.format_options(self, ctx, formatter)
        with formatter.section(self.words.say("cli.verbs")):
            formatter.write_dl([(verb, self.words.say(f"cli.{self.name}.{verb}.short")) for verb in self.verbs])


def explain_usage(error: click.ClickException, words: Words) -> str:
    """Return a usage error in the user's language."""
    match error:
        case UnknownVerbError():
            text = error.message
        case click.NoSuchOption():
            guess = ", ".join(sorted(error.possibilities or ()))
            text = words.say(
                "cli.error.option_guess" if guess else "cli.error.option", option=error.option_name, guess=guess
            )
        case click.MissingParameter():
            text = words.say("cli.error.missing", name=_name(error.param))
        case click.BadParameter():
            text = _explain_value(error.param, words)
        case click.BadOptionUsage():
            text = words.say("cli.error.option_value", option=error.option_name)
        case _:
            text = words.say("cli.error.usage", reason=error.format_message())
    return text


def _explain_value(parameter: click.Parameter | None, words: Words) -> str:
    """Return what values a parameter takes: one of a choice, a number of a range, or only that this one is none."""
    kind, name = None if parameter is None else parameter.type, _name(parameter)
    match kind:
        case click.Choice():
            return words.say("cli.error.choice", name=name, known=", ".join(str(choice) for choice in kind.choices))
        case click.IntRange():
            return words.say("cli.error.whole", name=name, range=_range(kind))
        case click.FloatRange():
            return words.say("cli.error.number", name=name, range=_range(kind))
        case _:
            return words.say("cli.error.value", name=name)


def _range(kind: click.IntRange | click.FloatRange) -> str:
    """Return the ends of a range in signs: ``≥ 1``, ``> 0, ≤ 1``."""
    ends = [] if kind.min is None else [f"{'>' if kind.min_open else '≥'} {kind.min:g}"]
    ends += [] if kind.max is None else [f"{'<' if kind.max_open else '≤'} {kind.max:g}"]
    return ", ".join(ends)


class UnknownVerbError(click.UsageError):
    """The verb does not exist; the message is in the user's language already."""


def _name(parameter: click.Parameter | None) -> str:
    if parameter is None:
        return ""
    return (
        parameter.opts[0]
        if isinstance(parameter, click.Option)
        else parameter.make_metavar(click.Context(click.Command(None)))
    )
