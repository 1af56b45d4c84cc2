"""What carries a shock: the chain without its buffers, and with them one after another (stress.14)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from pondasi.stress.system import Kind

if TYPE_CHECKING:
    from pondasi.stress.system import System

    Stage = Literal["bare", "stocks", "spare", "sources"]

STAGES: tuple[Stage, ...] = ("bare", "stocks", "spare", "sources")
"""In this order: nothing; stocks; and spare capacity; and other sources, which is the chain as it is."""


def strip_system(system: System, stage: Stage) -> System:
    """Return the chain with the buffers up to a stage.

    ``bare`` has no stocks of makers or users, no spare capacity, and no second sources; ``stocks`` has the
    stocks, ``spare`` the spare capacity as well, and ``sources`` is the chain itself. The loss that each
    stage takes away depends on the order in which they are added (stress.14).

    Parameters
    ----------
    system
        The chain.
    stage
        One of `STAGES`.
    """
    if stage == "sources":
        return system
    dual = np.where(system.kind != Kind.RIGHT, 0.0, system.dual)
    alone = replace(system, dual=dual, qualification=np.full(len(system.kind), np.inf))
    if stage == "spare":
        return alone
    full = replace(alone, spare=np.zeros_like(system.spare))
    if stage == "stocks":
        return full
    return replace(full, target=np.zeros_like(system.target), finished=np.zeros_like(system.finished))


def unbuffer_system(system: System) -> System:
    """Return the chain without stocks and other sources, but with its spare capacity (stress.34)."""
    bare = strip_system(system, "bare")
    return replace(bare, spare=system.spare)
