"""A saved stress test, small and made up, in the shape of a real one."""

import numpy as np
import pandas as pd

from pondasi.stress.assess import StressTest
from pondasi.stress.impact import COLUMNS
from pondasi.stress.mitigate import STAGES
from pondasi.stress.record import record_test
from pondasi.stress.shocks import ALL, HOME, Hit, Interval, Shock
from pondasi.workspace import Manifest, SavedRun

WEEKS = 60
NAMES = {"en": "Island cut off", "id": "Pulau terputus", "ja": "島の孤立"}
GROSS = {"island": (5.0, 0.4, 6.0, 8.0), "squeeze": (0.0, 0.0, 0.0, 0.3), "gas": (0.0, 0.0, 0.0, 0.0)}
"""Gross loss of home: central run, low, median and high end [weeks]."""
CARRIED = {"island": (28.0, 12.0, 10.0, 5.0), "squeeze": (4.0, 0.0, 0.0, 0.0), "gas": (9.0, 0.0, 0.0, 0.0)}


def make_shocks():
    hit = {"nodes": ("fab_dram",), "loss": Interval(0.8, 0.5, 1.0), "hold_weeks": Interval(26.0, 8.0, 104.0)}
    sources = ("csis_taiwan_2022", "judgement")
    return [
        Shock("island", NAMES, "conflict", (Hit(countries=("TWN",), **hit),), sources),
        Shock("squeeze", {**NAMES, "en": "Squeeze"}, "market", (Hit(countries=(ALL,), **hit),), sources),
        Shock("gas", {**NAMES, "en": "Gas cut"}, "conflict", (Hit(countries=(HOME,), **hit),), sources),
    ]


def make_test(draws=4, gross=GROSS):
    shocks = tuple(gross)
    bands = ("low", "median", "high") if draws else ()
    outcomes, paths = {}, {}
    for shock, values in gross.items():
        for watch in ("home", "world"):
            row = {}
            for end, value in zip(("", *bands), values, strict=False):
                name = f"_{end}" if end else ""
                row |= {f"{column}{name}": value for column in COLUMNS}
                row |= {f"depth{name}": value / 20, f"net{name}": value / 2}
                row |= {f"impact_week{name}": 7.0 if value > 1 else np.nan}
                row |= {f"recovery_week{name}": 40.0 if value > 1 else np.nan}
            outcomes[(shock, watch)] = row
            for week in range(WEEKS):
                shape = max(0.0, 1 - abs(week - 20) / 15) / 15
                paths[(shock, watch, week)] = {
                    name: value * shape for name, value in zip(("loss", *bands), values, strict=False)
                }
    carried = {(shock, stage): value for shock in shocks for stage, value in zip(STAGES, CARRIED[shock], strict=True)}
    losses = pd.DataFrame(
        [
            (shock, user, 3e8 * gross[shock][0], 7e7 * gross[shock][0], 500.0 * gross[shock][0])
            for shock in shocks
            for user in ("use_automotive", "use_consumer")
        ],
        columns=["shock", "user", "output_usd", "value_added_usd", "job_years"],
    )
    return StressTest(
        home="IDN",
        shocks=shocks,
        outcomes=_frame(outcomes, ["shock", "watch"]),
        paths=_frame(paths, ["shock", "watch", "week"]),
        carried=pd.DataFrame({"gross": carried.values()}, pd.MultiIndex.from_tuples(carried, names=["shock", "stage"])),
        losses=losses.set_index(["shock", "user"]),
        draws=draws,
        weeks=WEEKS,
    )


def _frame(rows, names):
    return pd.DataFrame(list(rows.values()), pd.MultiIndex.from_tuples(list(rows), names=names))


def save_stress(workspace, data, draws=4, gross=GROSS):
    shocks = [shock for shock in make_shocks() if shock.id in gross]
    manifest = Manifest("stress", {"home": "IDN", "weeks": WEEKS, "shock": list(gross), "draws": draws}, data, 0)
    return SavedRun(workspace.save_run(manifest, record_test(make_test(draws, gross), shocks)), manifest.as_dict())
