"""A saved plan, made by hand on the shipped case, in the shape of a real one."""

from functools import cache

import numpy as np
import pandas as pd

from pondasi.plan.after import BeforeAfter
from pondasi.plan.record import record_after, record_plan
from pondasi.plan.solve import PartnerGain
from pondasi.plan.two_sides import MEASURES
from pondasi.plan.values import FreshValue
from pondasi.plan.world_after import build_world_after
from pondasi.plan.yearly_check import FIRM
from pondasi.workspace import Manifest, SavedRun
from tests.plan.hand_made import start_by_hand
from tests.report.stress_run import make_shocks

PARTNER = "JPN"
FRESH = (-4.0, -9.0, 2.0)
"""Value on fresh years: mean, low and high [million USD]."""
GAIN = (0.0, 40.0)

make_plan = cache(start_by_hand)


def make_after(change=(-0.5, -0.8, -0.2)):
    """Return a made-up comparison on the shares of the plan made by hand."""
    shocks = make_shocks()
    sampled = pd.DataFrame({"hazard": ["a", "b"], "before": [2.0, 4.0], "after": [1.0, 4.0]})
    named = pd.DataFrame({"before": [6.0, 0.2, 0.0], "after": [5.5, 0.2, 0.0]}, [shock.id for shock in shocks])
    after = build_world_after(make_plan())
    return BeforeAfter(after, sampled.rename_axis("scenario"), named.rename_axis("shock"), change, 104), shocks


def make_sides(exposure=0.5):
    index = pd.MultiIndex.from_product([["IDN", PARTNER], MEASURES], names=["country", "measure"])
    values = [exposure, 0.2, 3e8, 1e8] * 2
    return pd.DataFrame({"before": values, "after": [value and value * 1.1 for value in values]}, index)


def save_plan(workspace, data, *, fresh=FRESH, gain=GAIN, partner=PARTNER, after=True, rank=0.3, exposure=0.5):
    plan = make_plan()
    priced = None if fresh is None else FreshValue(plan.value, *fresh, np.array(fresh))
    weighed = None if partner is None else PartnerGain(partner, plan, *gain)
    more = {}
    if after:
        found, shocks = make_after()
        more = record_after(found, shocks)
        more["check"] = pd.DataFrame([{"rank": rank, "slope": 0.5, "years": 64, "firm": FIRM}])
    if partner is not None:
        more["sides"] = make_sides(exposure).reset_index()
    options = {"home": "IDN", "with": partner, "quick": True, "scenarios": len(plan.problem.operations.weight)}
    manifest = Manifest("plan", options, data, 0)
    return SavedRun(workspace.save_run(manifest, record_plan(plan, weighed, priced) | more), manifest.as_dict())
