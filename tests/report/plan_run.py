"""A saved plan, made by hand on the shipped case, in the shape of a real one."""

from functools import cache

import numpy as np

from pondasi.plan.record import record_plan
from pondasi.plan.solve import PartnerGain
from pondasi.plan.values import FreshValue
from pondasi.workspace import Manifest, SavedRun
from tests.plan.hand_made import start_by_hand

PARTNER = "JPN"
FRESH = (-4.0, -9.0, 2.0)
"""Value on fresh years: mean, low and high [million USD]."""
GAIN = (0.0, 40.0)

make_plan = cache(start_by_hand)


def save_plan(workspace, data, *, fresh=FRESH, gain=GAIN, partner=PARTNER):
    plan = make_plan()
    priced = None if fresh is None else FreshValue(plan.value, *fresh, np.array(fresh))
    weighed = None if partner is None else PartnerGain(partner, plan, *gain)
    options = {"home": "IDN", "with": partner, "quick": True, "scenarios": len(plan.problem.operations.weight)}
    manifest = Manifest("plan", options, data, 0)
    return SavedRun(workspace.save_run(manifest, record_plan(plan, weighed, priced)), manifest.as_dict())
