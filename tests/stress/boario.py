"""What BoARIO was asked, and how the same is asked here: its events happen a step later in some places."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pondasi.stress.pooled.industries import build_table
from pondasi.stress.pooled.rules import load_rules
from pondasi.stress.pooled.run import run_pooled
from pondasi.stress.pooled.shocks import PooledShock, locate_labels, plan_rebuilding, shape_loss

ARBITRARY_DIGITS = 6
"""BoARIO rounds arbitrary losses of capacity to this many digits at every step."""
NEGLIGIBLE = 1e-5
"""A yearly flow below this part of a day's output does not bind there."""


@dataclass(frozen=True)
class Question:
    """One run: the model (base or psi), how orders are split (alt or noalt), the event, and what differs."""

    model: str = "psi"
    orders: str = "alt"
    event: str = "recovery"
    occurrence: int = 5
    duration: int = 20
    recovery: int = 90
    size: tuple[float, ...] = (0.4, 0.4)
    labels: tuple[tuple[str, str], ...] = (("reg1", "manufactoring"), ("reg1", "trade"))
    rebuilding: tuple[tuple[str, float], ...] = (("construction", 0.6), ("manufactoring", 0.4))
    step: int = 1
    stock: int = 90
    psi: float = 0.8
    tau: int = 60
    alpha_max: float = 1.25
    alpha_tau: int = 365
    steps: int = 365

    @property
    def name(self):
        return f"{self.model}_{self.orders}_{self.event}"


def read_table_csv(folder):
    """Return the table of 6 regions and 8 sectors."""
    Z = pd.read_csv(folder / "Z.csv", header=[0, 1], index_col=[0, 1])
    Z.columns = Z.index
    Y = pd.read_csv(folder / "Y.csv", header=[0, 1], index_col=[0, 1]).reindex(Z.index)
    return build_table(Z, Y, pd.read_csv(folder / "x.csv", index_col=[0, 1])["indout"].reindex(Z.index))


def ask_rules(question):
    """Return our rules for a question to BoARIO."""
    rules = load_rules(
        step_days=question.step,
        stock_days=question.stock,
        threshold=question.psi,
        restoration_days=question.tau,
        overproduction_max=question.alpha_max,
        overproduction_days=question.alpha_tau,
        order_split={"alt": "capacity", "noalt": "fixed"}[question.orders],
        negligible_share=NEGLIGIBLE * question.step / 365,
        delivered_rebuilding_leaves_plans=True,
    )
    return rules if question.model == "psi" else replace(rules, threshold=1.0, restoration_days=0.0)


def ask_shock(table, rules, question):
    """Return our shock for an event of BoARIO.

    It counts time in days even where a step is longer: an event starts with the first step that is not before it.
    """
    start = -(-question.occurrence // question.step)
    begin = -(-(question.occurrence + question.duration) // question.step)
    sizes = dict(zip(question.labels, question.size, strict=True))
    if question.event == "rebuild":
        capital = rules.capital_ratio * table.value_added
        damage = {label: part * capital[locate_labels(table, [label])[0]] for label, part in sizes.items()}
        event = plan_rebuilding(
            table,
            rules,
            damage,
            dict(question.rebuilding),
            start=start,
            duration=begin - start,
            days=question.recovery,
        )
        return PooledShock(rebuilding=(event,))
    # What is lost is set at the end of a step for the next, and where it is arbitrary for the one after that.
    late = 1 if question.event == "recovery" else 2
    first = start + late - 1
    steps = np.arange(question.steps)
    days = (steps - late) * question.step - question.occurrence - question.duration
    part = np.where(
        steps < first, 0.0, np.where(steps < begin + late, 1.0, np.clip(1 - days / question.recovery, 0, 1))
    )
    path = part[:, None] * np.array(question.size)
    if question.event == "arbitrary":
        path = path.round(ARBITRARY_DIGITS)
    return PooledShock((replace(shape_loss(table, sizes, start=0, duration=1), path=path),))


def answer(table, question):
    """Return our output and our final demand that was not met, by step and industry."""
    rules = ask_rules(question)
    run = run_pooled(table, rules, [ask_shock(table, rules, question)], question.steps)
    return run.output[0], run.unmet[0]


def differences(table, question, theirs):
    """Return the largest difference of output and of unmet final demand, over the largest output."""
    output, unmet = answer(table, question)
    scale = np.abs(theirs["output"]).max()
    return tuple(
        float(np.abs(mine - theirs[name]).max() / scale) for name, mine in (("output", output), ("unmet", unmet))
    )
