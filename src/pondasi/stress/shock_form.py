"""The form in which a shock is written down: YAML, read strictly, all problems at once with line and key.

The keys stand in the dictionary (``shock_form.csv``), which also makes the template and the page of the
form. Only plain YAML is taken: no anchors, and no key twice.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from pondasi.errors import DataError, Place
from pondasi.places import is_country, suggest_country
from pondasi.stress.shocks import ALL, HOME, Hit, Interval, Shock
from pondasi.tables.dictionary import Column, load_dictionary, read_resource
from pondasi.tables.raw import RawPack, say_error
from pondasi.tables.readers import Reader, read_cell
from pondasi.tables.text import suggest
from pondasi.words import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pondasi.errors import Problem

MAX_BYTES = 100_000
"""Largest file that is read as a shock."""
MAX_DEPTH = 10
"""Deepest nesting that is read; the form itself needs five."""
YES, NO = ("yes", "true"), ("no", "false")
ENDS = ("value", "low", "high")


@dataclass(frozen=True)
class Field:
    """One key of the form; ``column`` says how its plain values are read."""

    key: str
    type: str
    required: bool
    example: str
    column: Column
    allowed: frozenset[str]


@dataclass(frozen=True)
class Known:
    """What a shock may refer to: nodes and sources with how far they were checked."""

    nodes: Collection[str] = ()
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ShockReport:
    """What was found in a file: the shock, or None if it cannot be used, and all problems."""

    file: str
    shock: Shock | None
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether the shock can be used."""
        return self.shock is not None


@lru_cache(maxsize=1)
def load_form() -> Mapping[str, Field]:
    """Return the keys of the form in their order.

    Example
    -------
    >>> load_form()["hits.loss"].type
    'interval'
    """
    codes = load_dictionary().codes
    plain = {"interval": "number", "profile": "number", "words": "text", "texts": "text", "nodes": "id", "flag": "text"}
    fields = {}
    for row in read_resource("dictionary/shock_form.csv"):
        kind = row["type"]
        column = Column(
            table="shock",
            name=row["key"],
            type=plain.get(kind, kind),  # type: ignore[arg-type]  # the test of the form holds the types
            unit=row["unit"] or None,
            required=row["required"] == "yes",
            key=False,
            low=float(row["low"]) if row["low"] else None,
            high=float(row["high"]) if row["high"] else None,
            codes=row["codes"] or None,
            meaning={language: row[f"meaning_{language}"] for language in LANGUAGES},
        )
        allowed = frozenset(codes[row["codes"]]) if row["codes"] else frozenset()
        fields[row["key"]] = Field(row["key"], kind, column.required, row["example"], column, allowed)
    return fields


def check_shock(path: str | Path, known: Known) -> ShockReport:
    """Read a shock from a file and return it with every problem found."""
    path = Path(path)
    pack = RawPack(path.name, "yaml")
    shock = None
    try:
        if path.stat().st_size > MAX_BYTES:
            pack.add("form_too_large", Place(path.name), limit=MAX_BYTES // 1000)
        else:
            shock = _read_text(pack, path.read_text(encoding="utf-8-sig"), known)
    except FileNotFoundError:
        pack.add("path_missing", Place(str(path)), value=path)
    except (OSError, ValueError) as error:  # no right to read it, or no UTF-8
        pack.add("path_unreadable", Place(str(path)), reason=say_error(error))
    bad = any(problem.level == "error" for problem in pack.problems)
    return ShockReport(path.name, None if bad else shock, tuple(pack.problems))


def read_shock(path: str | Path, known: Known) -> Shock:
    """Read a shock from a file.

    Raises
    ------
    DataError
        With all problems, each with its line, key and cure.
    """
    report = check_shock(path, known)
    if report.shock is None:
        errors = [problem for problem in report.problems if problem.level == "error"]
        raise DataError(errors, "pack_has_problems", file=report.file)
    return report.shock


def write_template(language: str) -> str:
    """Return an example in the form, with what each key means; keys that may be left out are remarks."""
    lines = []
    for item in load_form().values():
        inner = item.key.startswith("hits.")
        first = item.key == "hits.nodes"
        indent = ("  - " if first else "    ") if inner else ""
        meaning = f"{'    ' if inner else ''}# {item.column.meaning[language]}"
        used = item.required or item.key in _SHOWN
        lines += [meaning, f"{indent if used else indent + '# '}{item.key.rpartition('.')[2]}: {item.example}".rstrip()]
        if first:  # the dash belongs in front of the first key, its remark above it
            lines[-2] = meaning[2:]
    return "\n".join([*lines, ""])


_SHOWN = {"description", "hits.channel", "hits.hold_weeks", "hits.recovery_weeks", "hits.scrap"}
"""Keys that the template fills in although they may be left out."""


def _read_text(pack: RawPack, text: str, known: Known) -> Shock | None:
    try:
        root = yaml.compose(text, Loader=_StrictLoader)
    except _RefusedError as error:
        pack.add(error.key, Place(pack.file, None, _line(error.mark)), value=error.value)
        return None
    except yaml.YAMLError as error:
        place = Place(pack.file, None, _line(getattr(error, "problem_mark", None)))
        pack.add("form_broken", place, reason=getattr(error, "problem", None) or str(error).partition("\n")[0])
        return None
    if not isinstance(root, yaml.MappingNode):
        pack.add("form_no_keys", Place(pack.file, None, 1))
        return None
    return _Form(pack, known).read(root)


class _RefusedError(Exception):
    """YAML that could be read, but that this form does not take."""

    def __init__(self, key: str, mark: Any, value: str | None = None) -> None:  # noqa: ANN401 - as in _line
        super().__init__(key)
        self.key, self.mark, self.value = key, mark, value


class _StrictLoader(yaml.SafeLoader):
    """Takes no anchors that are repeated and no deep nesting, so that a small file stays small."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:  # noqa: ANN401 - as in yaml
        event = self.peek_event()  # type: ignore[no-untyped-call]  # so it is in the stubs of yaml
        if isinstance(event, yaml.AliasEvent):
            raise _RefusedError("form_alias", event.start_mark, f"*{event.anchor}")
        if self.depth == MAX_DEPTH:
            raise _RefusedError("form_too_deep", event.start_mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


class _Form:
    """Reads the nodes of a file; what cannot be read is noted and left out."""

    def __init__(self, pack: RawPack, known: Known) -> None:
        self.pack = pack
        self.known = known
        self.readers: dict[str, Callable[[yaml.Node, str, Field], Any]] = {
            "words": self.read_words,
            "sources": self.read_sources,
            "nodes": self.read_nodes,
            "countries": self.read_countries,
            "texts": self.read_texts,
            "interval": self.read_interval,
            "profile": self.read_profile,
            "flag": self.read_flag,
            "hits": self.read_hits,
        }

    def read(self, root: yaml.MappingNode) -> Shock | None:
        values = self.read_keys(root, "")
        sources = values.get("sources", ())
        if values.get("grade") not in {None, "assumed", "unknown"} and sources:
            firm = [s for s in sources if self.known.sources.get(s, "seen") == "seen"]
            if not firm:
                node = _find(root, "grade")
                self.note_fault("grade_too_high", node, "grade", value=values["grade"], source=", ".join(sources))
        if not {"shock", "name", "class", "grade", "sources", "hits"} <= set(values):
            return None
        return Shock(
            id=values["shock"],
            names=values["name"],
            descriptions=values.get("description", {}),
            hazard=values["class"],
            hits=values["hits"],
            sources=sources,
            grade=values["grade"],
            horizon_weeks=int(values.get("horizon_weeks", 104)),
            date=values.get("date", ""),
            event=values.get("event", ""),
            market=values.get("market", ""),
            note=values.get("note", ""),
        )

    def read_keys(self, mapping: yaml.MappingNode, prefix: str, shown: str = "") -> dict[str, Any]:
        """Return the values of a mapping whose keys stand in the form below ``prefix``."""
        fields = {
            item.key.removeprefix(prefix): item
            for item in load_form().values()
            if item.key.startswith(prefix) and "." not in item.key.removeprefix(prefix)
        }
        values: dict[str, Any] = {}
        seen: set[str] = set()
        for node, value in mapping.value:
            name = str(node.value) if isinstance(node, yaml.ScalarNode) else ""
            key = f"{shown}{name}"
            if name not in fields:
                guess = suggest(name, [other for other in fields if other not in seen])
                problem = "form_key_unknown_guess" if guess else "form_key_unknown"
                self.note_fault(problem, node, key, value=name, guess=guess, known=", ".join(fields))
                seen.add(guess)
                continue
            if name in values or name in seen:
                self.note_fault("form_key_twice", node, key, value=name)
                continue
            seen.add(name)
            found = self.read_value(value, key, fields[name])
            if found is not None:
                values[name] = found
        for name, item in fields.items():
            if item.required and name not in seen:
                self.note_fault("form_key_missing", mapping, f"{shown}{name}")
        return values

    def read_value(self, node: yaml.Node, key: str, item: Field) -> Any:  # noqa: ANN401 - a form holds values of many kinds
        if isinstance(node, yaml.ScalarNode) and not node.value.strip():
            if item.required:
                self.note_fault("form_blank", node, key)
            return None
        return self.readers.get(item.type, self.read_plain)(node, key, item)

    def read_plain(self, node: yaml.Node, key: str, item: Field) -> Any:  # noqa: ANN401
        """Return a scalar as the dictionary reads it, with the house's findings where it cannot."""
        if not isinstance(node, yaml.ScalarNode):
            self.note_fault("form_not_plain", node, key)
            return None
        outcome = read_cell(node.value, Reader(item.column, "machine", declared=True, allowed=item.allowed))
        if outcome.fault is not None:
            fault = outcome.fault
            self.note_fault(fault.key, node, key, value=fault.value, level=fault.level, **fault.fields)
        return outcome.value

    def read_words(self, node: yaml.Node, key: str, item: Field) -> dict[str, str] | None:
        if not isinstance(node, yaml.MappingNode):
            text = self.read_plain(node, key, item)
            return None if text is None else dict.fromkeys(LANGUAGES, text)
        words = {}
        for name, value in node.value:
            if name.value in LANGUAGES:
                text = self.read_plain(value, f"{key}.{name.value}", item)
                if text is not None:
                    words[str(name.value)] = text
            else:
                self.note_fault("form_language", name, key, value=name.value, known=", ".join(LANGUAGES))
        for language in LANGUAGES:
            if words and language not in words:
                self.note_fault("form_key_missing", node, f"{key}.{language}")
        return words or None

    def read_items(self, node: yaml.Node, key: str) -> Iterator[str]:
        """Yield the texts of a list, or the one that stands alone; each once."""
        parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
        if not parts:
            self.note_fault("form_blank", node, key)
        seen = set()
        for part in parts:
            if not isinstance(part, yaml.ScalarNode):
                self.note_fault("form_not_plain", part, key)
                continue
            if part.value in seen:
                self.note_fault("list_twice", part, key, value=part.value, item=part.value)
            seen.add(part.value)
            yield part.value.strip()

    def read_texts(self, node: yaml.Node, key: str, _item: Field) -> tuple[str, ...]:
        return tuple(self.read_items(node, key))

    def read_nodes(self, node: yaml.Node, key: str, _item: Field) -> tuple[str, ...] | None:
        return self.read_list(node, key, {ALL}, self.known.nodes, "nodes")

    def read_sources(self, node: yaml.Node, key: str, _item: Field) -> tuple[str, ...] | None:
        addresses = {text for text in _scalars(node) if text.startswith(("https://", "http://"))}
        return self.read_list(node, key, addresses, self.known.sources, "sources")

    def read_list(
        self, node: yaml.Node, key: str, free: set[str], known: Collection[str], table: str
    ) -> tuple[str, ...] | None:
        items = tuple(self.read_items(node, key))
        bad = [text for text in items if text not in free and known and text not in known]
        for text in bad:
            guess = suggest(text, known)
            problem = "reference_unknown_guess" if guess else "reference_unknown"
            self.note_fault(problem, _find_item(node, text), key, value=text, target=table, guess=guess)
        return items if items and not bad else None

    def read_countries(self, node: yaml.Node, key: str, _item: Field) -> tuple[str, ...] | None:
        items = tuple(self.read_items(node, key))
        bad = [text for text in items if text not in {ALL, HOME} and not is_country(text)]
        for text in bad:
            guess = suggest_country(text)
            problem = "country_unknown_guess" if guess else "country_unknown"
            self.note_fault(problem, _find_item(node, text), key, value=text, guess=guess)
        return items if items and not bad else None

    def read_interval(self, node: yaml.Node, key: str, item: Field) -> Interval | None:
        """Return a number, or value, low and high, as an interval."""
        if not isinstance(node, yaml.MappingNode):
            number = self.read_plain(node, key, item)
            return None if number is None else Interval.exactly(number)
        parts = {str(name.value): value for name, value in node.value}
        for name, _ in node.value:
            if name.value not in ENDS:
                self.note_fault(
                    "form_key_unknown", name, f"{key}.{name.value}", value=name.value, known=", ".join(ENDS), guess=""
                )
        for name in ENDS:
            if name not in parts:
                self.note_fault("form_key_missing", node, f"{key}.{name}")
        numbers = {name: self.read_plain(parts[name], f"{key}.{name}", item) for name in ENDS if name in parts}
        if len(numbers) < len(ENDS) or None in numbers.values():
            return None
        for lower, upper in (("low", "value"), ("value", "high")):
            if numbers[lower] > numbers[upper]:
                fields = {"lower": lower, "low": numbers[lower], "upper": upper, "high": numbers[upper]}
                self.note_fault("interval_order", parts[upper], key, value=numbers[upper], **fields)
                return None
        return Interval(numbers["value"], numbers["low"], numbers["high"])

    def read_profile(self, node: yaml.Node, key: str, item: Field) -> tuple[tuple[float, float], ...] | None:
        pairs = node.value if isinstance(node, yaml.SequenceNode) else []
        if not pairs or any(not isinstance(pair, yaml.SequenceNode) or len(pair.value) != 2 for pair in pairs):  # noqa: PLR2004 - a pair
            self.note_fault("form_profile_pairs", node, key)
            return None
        points = [[self.read_plain(part, key, item) for part in pair.value] for pair in pairs]
        if any(number is None for pair in points for number in pair):
            return None
        weeks = [week for week, _ in points]
        for place, (week, working) in zip(pairs, points, strict=True):
            if not 0 <= working <= 1:
                self.note_fault("number_out_of_range", place, key, value=working, low=0, high=1, unit="fraction")
                return None
            if weeks.count(week) > 2:  # noqa: PLR2004 - a jump has two sides
                self.note_fault("form_profile_weeks", place, key, value=week)
                return None
        if weeks[0] != 0 or weeks != sorted(weeks) or weeks[-1] == 0 or weeks[1] == 0:
            self.note_fault("form_profile_weeks", node, key, value=", ".join(f"{week:g}" for week in weeks))
            return None
        return tuple((week, working) for week, working in points)

    def read_flag(self, node: yaml.Node, key: str, item: Field) -> bool | None:
        text = self.read_plain(node, key, item)
        if text is None or text.casefold() in (*YES, *NO):
            return None if text is None else text.casefold() in YES
        self.note_fault("form_flag", node, key, value=text)
        return None

    def read_hits(self, node: yaml.Node, key: str, _item: Field) -> tuple[Hit, ...] | None:
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self.note_fault("form_hits", node, key)
            return None
        hits = []
        for number, part in enumerate(node.value, start=1):
            shown = f"{key}[{number}]"
            if not isinstance(part, yaml.MappingNode):
                self.note_fault("form_hits", part, shown)
                continue
            values = self.read_keys(part, "hits.", f"{shown}.")
            if self.check_hit(part, shown, values) and {"nodes", "countries", "loss"} <= set(values):
                hits.append(Hit(**values))
        return tuple(hits) if len(hits) == len(node.value) else None

    def check_hit(self, node: yaml.MappingNode, shown: str, values: dict[str, Any]) -> bool:
        """Tell whether the keys of a hit go together; note what does not."""
        before = len(self.pack.problems)
        present = {name.value for name, _ in node.value}
        channel = values.get("channel", "line")
        if channel == "route" and "buyers" not in present:
            self.note_fault("form_key_missing", node, f"{shown}.buyers")
        if channel != "route" and "buyers" in present:
            self.note_fault("form_buyers", _find(node, "buyers"), f"{shown}.buyers", value=channel)
        straight = present & {"hold_weeks", "recovery_weeks"}
        if "profile" in present and straight:
            self.note_fault(
                "form_two_times", _find(node, "profile"), f"{shown}.profile", value=", ".join(sorted(straight))
            )
        if "duration_weeks" in present and "profile" not in present:
            self.note_fault("form_duration", _find(node, "duration_weeks"), f"{shown}.duration_weeks")
        times = [values[name].high for name in ("hold_weeks", "recovery_weeks") if name in values]
        if not present & {"profile", "hold_weeks", "recovery_weeks"} or (times and not any(times)):
            self.note_fault("form_no_time", node, shown)
        if "loss" in values and channel != "demand" and values["loss"].low < 0:
            self.note_fault("form_surge", _find(node, "loss"), f"{shown}.loss", value=values["loss"].low)
        if values.get("loss_of") == "world" and channel in {"route", "demand", "overtime"}:
            self.note_fault("form_world", _find(node, "loss_of"), f"{shown}.loss_of", value=channel)
        return len(self.pack.problems) == before

    def note_fault(self, problem: str, node: yaml.Node, key: str, *, value: object = None, **fields: Any) -> None:  # noqa: ANN401
        place = Place(self.pack.file, None, _line(node.start_mark), key)
        self.pack.add(problem, place, table="shock", value=value, **fields)


def _line(mark: Any) -> int | None:  # noqa: ANN401 - a mark of either parser of yaml
    """Return the line as an editor counts it."""
    return None if mark is None else int(mark.line) + 1


def _find(mapping: yaml.MappingNode, name: str) -> yaml.Node:
    return next((key for key, _ in mapping.value if key.value == name), mapping)


def _find_item(node: yaml.Node, text: str) -> yaml.Node:
    parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
    return next((part for part in parts if isinstance(part, yaml.ScalarNode) and part.value.strip() == text), node)


def _scalars(node: yaml.Node) -> list[str]:
    parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
    return [part.value for part in parts if isinstance(part, yaml.ScalarNode)]
