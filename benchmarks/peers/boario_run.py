"""BoARIO's answer, or its time, on an inter-industry table.

    python boario_run.py answer TABLE.npz QUESTIONS.json OUT.npz
    python boario_run.py time REGIONS SECTORS STEPS

TABLE holds Z, Y, x, labels (region, sector) and users; QUESTIONS is a list of records as in tests/stress/boario.py. OUT
gets output and unmet final demand of each question k, ``output_k`` and ``unmet_k``, shape (steps, industries), in the order
of the labels. `time` runs some steps after two for warming up and prints the time of a year of steps.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pymrio
from boario import event
from boario.extended_models import ARIOPsiModel
from boario.model_base import ARIOBaseModel
from boario.simulation import Simulation

from benchmarks.tables import HIT, LOST, draw_flows, name_industries

YEAR = 365
MONEY = 10**6


def make_system(
    Z: np.ndarray, Y: np.ndarray, x: np.ndarray, labels: list[tuple[str, str]], users: list[str]
) -> pymrio.IOSystem:
    """Return a table of pymrio."""
    index = pd.MultiIndex.from_tuples(labels, names=["region", "sector"])
    columns = pd.MultiIndex.from_tuples([(user, "final demand") for user in users], names=["region", "category"])
    system = pymrio.IOSystem(
        Z=pd.DataFrame(Z, index, index), Y=pd.DataFrame(Y, index, columns), x=pd.DataFrame({"indout": x}, index)
    )
    system.A = pymrio.calc_A(system.Z, system.x)
    return system


def run(system: pymrio.IOSystem, ask: dict[str, Any]) -> Simulation:
    """Run one question to its end."""
    common = {
        "order_type": ask["orders"],
        "alpha_max": ask["alpha_max"],
        "alpha_tau": ask["alpha_tau"],
        "main_inv_dur": ask["stock"],
        "temporal_units_by_step": ask["step"],
        "monetary_factor": MONEY,
    }
    if ask["model"] == "psi":
        model = ARIOPsiModel(system, psi_param=float(ask["psi"]), inventory_restoration_tau=ask["tau"], **common)
    else:
        model = ARIOBaseModel(system, **common)
    impact = pd.Series(ask["size"], index=pd.MultiIndex.from_tuples([tuple(label) for label in ask["labels"]]))
    if ask["event"] != "arbitrary":
        capital = pd.Series(np.ravel(model.productive_capital), index=model.industries)
        impact = impact * capital.loc[impact.index]
    impact.index = impact.index.set_names(["region", "sector"])
    when = {"occurrence": ask["occurrence"], "duration": ask["duration"]}
    if ask["event"] == "rebuild":
        happening = event.from_series(
            impact,
            event_type="rebuild",
            rebuild_tau=ask["recovery"],
            rebuilding_sectors=dict(ask["rebuilding"]),
            event_monetary_factor=MONEY,
            **when,
        )
    elif ask["event"] == "recovery":
        happening = event.from_series(
            impact, event_type="recovery", recovery_tau=ask["recovery"], event_monetary_factor=MONEY, **when
        )
    else:
        happening = event.from_series(impact, event_type="arbitrary", recovery_tau=ask["recovery"], **when)
    simulation = Simulation(model, n_temporal_units_to_sim=ask["steps"] * ask["step"])
    simulation.add_event(happening)
    simulation.loop()
    return simulation


def answer(table: str, questions: str, out: str) -> float:
    """Answer all questions."""
    with np.load(table) as data:
        labels = [tuple(map(str, label)) for label in data["labels"]]
        system = make_system(data["Z"], data["Y"], data["x"], labels, [str(user) for user in data["users"]])
    answers = {}
    asked = json.loads(Path(questions).read_text(encoding="utf-8"))
    start = time.perf_counter()
    for k, ask in enumerate(asked):
        simulation = run(system, ask)
        for name, frame in (("output", simulation.production_realised), ("unmet", simulation.final_demand_undist)):
            answers[f"{name}_{k}"] = frame[labels].to_numpy()[:: ask["step"]][: ask["steps"]]
    np.savez(out, **answers)
    return time.perf_counter() - start


def clock(*arguments: str) -> float:
    """Return the time of a year of daily steps; the arguments are regions, sectors and steps."""
    regions, sectors, steps = map(int, arguments)
    Z, final = draw_flows(regions, sectors)
    labels = name_industries(regions, sectors)
    Y = np.zeros((len(Z), regions))
    Y[:, 0] = final
    users = [f"r{region:03}" for region in range(regions)]
    system = make_system(Z, Y, Z.sum(axis=1) + final, labels, users)
    del Z
    model = ARIOPsiModel(system, psi_param=0.8, inventory_restoration_tau=60)
    capital = pd.Series(np.ravel(model.productive_capital), index=model.industries)
    impact = (capital.iloc[:HIT] * LOST).rename_axis(["region", "sector"])
    warm = 2
    simulation = Simulation(model, n_temporal_units_to_sim=YEAR)
    simulation.add_event(
        event.from_series(
            impact, event_type="recovery", occurrence=1, duration=20, recovery_tau=90, event_monetary_factor=MONEY
        )
    )
    for _ in range(warm):
        simulation.next_step()
    start = time.perf_counter()
    for _ in range(steps):
        simulation.next_step()
    return (time.perf_counter() - start) / steps * YEAR


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    seconds = {"answer": answer, "time": clock}[sys.argv[1]](*sys.argv[2:])
    print(json.dumps({"seconds": seconds}))
