"""Slots: sections of a brief that a saved run of another verb fills.

A brief computes the position itself. What takes longer (a stress test, a plan) comes from a run that
another verb has saved in the workspace. For such a section the brief has a *slot*, and does one of three
things:

- The slot is *closed* while its `Slot.write` is None: no such verb exists yet. The brief leaves the section
  out and counts its question among those that it cannot answer.
- The slot is open and the workspace holds a matching run, the latest of which `match_runs` takes: the section
  is what `Slot.write` makes of it, as of any other section, statements for the first page too.
- The slot is open and no run matches: the section says which command makes it. An *optional* slot is left out
  then, and the last section names the command.

A run matches if it is of the slot's verb, rests on the same data (pack, hash and whatever else the manifest
names under ``data``, such as an overlay; for a plan the same case as well), was made with the options that the slot names, such as the same
home country, and holds the tables that the slot names. Where several slots wait for runs of one verb, each has a
name of its own.

To fill a slot, write ``report/sections/<verb>.py`` with one function and name it in the reading order of
`pondasi.report.sections`::

    def write_stress(context: Context, run: SavedRun) -> Section | None:
        table = run.table("outcomes")  # runs/<utc>-stress-<hash8>/tables/outcomes.parquet
        ...


    Slot("stress", write=write_stress, compute=compute_stress, enough=is_enough)

with the texts ``slot.<verb>.title`` and ``slot.<verb>.absent`` in the catalogues. `Slot.compute` is what
``pondasi brief --compute quick|full`` calls when no run matches, or none that is deep `enough`; the option is
offered once a slot has it.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from pondasi.report.blocks import Section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from pondasi.chain.records import World
    from pondasi.executor import Executor
    from pondasi.report.context import Context
    from pondasi.report.findings import Findings
    from pondasi.workspace import Manifest, SavedRun, Workspace

    Depth = Literal["quick", "full"]

DEPTHS = ("quick", "full")


@dataclass(frozen=True)
class Task:
    """What a slot is given to make its run.

    Parameters
    ----------
    world, findings
        What the brief rests on, and what it found.
    workspace
        Where the run is saved.
    depth
        Quick (indicative) or full.
    seed
        Of the brief.
    inputs
        Options that name the data, for the manifest of the run.
    executor
        Where draws are run; here by default.
    runs
        Those that are there already, or were made for slots before this one.
    """

    world: World
    findings: Findings
    workspace: Workspace
    depth: Depth
    seed: int
    inputs: Mapping[str, Any] = field(default_factory=dict)
    executor: Executor | None = None
    runs: Mapping[str, SavedRun] = field(default_factory=dict, repr=False)

    @property
    def options(self) -> dict[str, Any]:
        """Options of the brief that a run may share."""
        return {"home": self.findings.home, "with": self.findings.partner}


@dataclass(frozen=True)
class Slot:
    """A section that a saved run fills.

    Parameters
    ----------
    verb
        The verb whose runs fill it; also the id of the section.
    write
        Makes the section of a run; None while the verb does not exist.
    compute
        Makes and saves the run, quickly or in full, seeded as the brief is; None where only the verb
        itself does. It may find that there is nothing to run.
    options
        Options that the run must share with the brief.
    needs
        Names of options that the run must have: what tells runs of one verb apart.
    enough
        Tells whether a saved run is as deep as is asked for; by default every one is.
    prefer
        Options that a run should share with the brief where one does, such as the partner.
    offered
        Tells whether the verb can make a run at all, by `Findings.case_place`.
    name
        Of the section and its run, where it is not the verb.
    tables
        Names of tables that the run must hold.
    asks
        The rest of the command that makes the run, after the country.
    depths
        Depths at which the run is computed.
    optional
        Whether the section is left out where no run matches.
    of_case
        Whether a run must rest on the case that the brief rests on.
    """

    verb: str
    write: Callable[[Context, SavedRun], Section | None] | None = None
    compute: Callable[[Task], SavedRun | None] | None = None
    options: tuple[str, ...] = ("home",)
    needs: tuple[str, ...] = ()
    enough: Callable[[SavedRun, Depth], bool] = lambda _run, _depth: True
    prefer: tuple[str, ...] = ()
    offered: Callable[[str], bool] = lambda _case: True
    name: str = ""
    tables: tuple[str, ...] = ()
    asks: str = ""
    depths: tuple[Depth, ...] = ("quick", "full")
    optional: bool = False
    of_case: bool = False

    @property
    def key(self) -> str:
        """Name of the section and of its run."""
        return self.name or self.verb

    def write_command(self, home: str, case: str = "") -> str:
        """Return the command that makes the run."""
        named = f"--case {shlex.quote(case)}" if case and self.of_case else ""
        return " ".join(filter(None, ("pondasi", self.verb, home, self.asks, named)))

    @property
    def is_open(self) -> bool:
        """Whether the brief may speak of it."""
        return self.write is not None


def match_runs(slots: Iterable[Slot], workspace: Workspace, manifest: Manifest) -> dict[str, SavedRun]:
    """Return the latest run of the workspace that matches each open slot, name of the slot -> run.

    Parameters
    ----------
    slots
        Those of the brief.
    workspace
        Where the runs are.
    manifest
        Of the brief: its data and options are those that a run must share.
    """
    found = {}
    for slot in slots:
        if not slot.is_open:
            continue
        options = {name: manifest.options[name] for name in slot.options}
        liked = {name: manifest.options[name] for name in slot.prefer if name in manifest.options}
        case = (manifest.case or None) if slot.of_case else None
        run = workspace.find_run(slot.verb, manifest.data, options | liked, slot.needs, slot.tables, case)
        if run is None and liked:
            run = workspace.find_run(slot.verb, manifest.data, options, slot.needs, slot.tables, case)
        if run is not None:
            found[slot.key] = run
    return found


def compute_missing(
    slots: Iterable[Slot],
    runs: Mapping[str, SavedRun],
    task: Task,
) -> dict[str, SavedRun]:
    """Return the runs with those added that no saved run gave, or none so deep or so fitting, and a slot can compute."""
    found = dict(runs)
    for slot in slots:
        if slot.compute is None or task.depth not in slot.depths or not slot.offered(task.findings.case_place):
            continue
        if not _is_enough(slot, runs, task):
            made = slot.compute(replace(task, runs=found))
            found |= {} if made is None else {slot.key: made}
    return found


def _is_enough(slot: Slot, runs: Mapping[str, SavedRun], task: Task) -> bool:
    """Tell whether a saved run is as deep as is asked for, and has the options that the slot prefers."""
    run = runs.get(slot.key)
    if run is None or not slot.enough(run, task.depth):
        return False
    return all(run.manifest["options"].get(name) == task.options[name] for name in slot.prefer)


def write_slot(context: Context, slot: Slot, runs: Mapping[str, SavedRun]) -> Section | None:
    """Return the section of a slot; None while it is closed, or where it is optional and no run fills it."""
    if slot.write is None:
        return None
    run = runs.get(slot.key)
    if run is not None:
        return slot.write(context, run)
    if slot.optional:
        return None
    findings = context.findings
    form = "absent" if slot.offered(findings.case_place) else "none"
    return Section(
        id=slot.key,
        title=context.say(f"slot.{slot.key}.title", home=context.home),
        answer=context.say(
            f"slot.{slot.key}.{form}", home=context.home, command=slot.write_command(findings.home, findings.case)
        ),
    )


def list_absent(
    slots: Iterable[object], runs: Mapping[str, SavedRun], findings: Findings
) -> tuple[tuple[str, str], ...]:
    """Return the optional slots that no run fills, each with the command that would."""
    optional = (slot for slot in slots if isinstance(slot, Slot) and slot.is_open and slot.optional)
    return tuple(
        (slot.key, slot.write_command(findings.home, findings.case))
        for slot in optional
        if slot.key not in runs and slot.offered(findings.case_place)
    )
