"""Saved runs of what is asked beyond a stress test and a plan, small and made up, in the shape of real ones."""

import numpy as np
import pandas as pd

from pondasi.plan.alternatives import Alternatives
from pondasi.plan.partners import PartnerValues
from pondasi.plan.worth import PlanWorth
from pondasi.sensitivity.plan import COLUMNS as GROUPS
from pondasi.sensitivity.plan import Assumptions
from pondasi.sensitivity.plan_runs import Run
from pondasi.sensitivity.screen import Screening
from pondasi.sensitivity.stress import Sensitivity
from pondasi.sensitivity.variance import COLUMNS as PARTS
from pondasi.sensitivity.variance import Variance
from pondasi.stress.campaign import Campaign
from pondasi.stress.criticality import MEASURES, Criticality
from pondasi.stress.impact import COLUMNS
from pondasi.stress.survival import Survival
from pondasi.workspace import Manifest, SavedRun
from tests.report.plan_run import make_plan

SHOCK = "taiwan_blockade"
STEPS = {"tal_univ_design": 1.0, "tal_univ_process": 0.4}
GAINS = {"stochastic": (1.0, 9.0), "waiting": (20.0, 40.0), "adapting": (0.0, np.inf), "information": (2.0, 2.0)}
FRONT = [
    (0, 100.0, 100.0, 50.0, 55.0, False),
    (1, 120.0, 125.0, 40.0, 45.0, False),
    (2, 140.0, 141.0, 39.0, 60.0, True),
]
LOSSES = (4.0, 2.0, 1.0, 0.5, 0.2, *(0.0,) * 195)
"""Loss of each sampled disruption [weeks]."""
RATE = 5.0


def save(workspace, data, verb, options, tables):
    manifest = Manifest(verb, {"home": "IDN", **options}, data, 0)
    return SavedRun(workspace.save_run(manifest, tables), manifest.as_dict())


def save_sensitivity(workspace, data, *, points=0, still=False):
    """Save a run in which the length of the shock, stocks of users and a trait of a node move the loss."""
    effects = {
        "shock/time": (9.0, 5.0, 12.0),
        "traits/inventory_weeks/users": (-2.0, 0.5, 3.0),
        "pace/overtime_weeks": (0.0,) * 3,
    }
    rows = [
        ("shock/time", f"{SHOCK}/1", 26.0, 8.0, 104.0, "weeks", "assumed", "csis_taiwan_2022|judgement", 0.8, 20.0),
        ("shock/time", f"{SHOCK}/1", 13.0, 4.0, 52.0, "weeks", "assumed", "csis_taiwan_2022|judgement", 0.8, 20.0),
        (
            "traits/inventory_weeks/users",
            "use_automotive/inventory_weeks",
            6.0,
            3.0,
            10.0,
            "weeks",
            "estimated",
            "judgement",
            7.0,
            5.0,
        ),
    ]
    names = ["factor", "row", "value", "low", "high", "unit", "grade", "source", "loss_low", "loss_high"]
    frame = pd.DataFrame(rows, columns=names).assign(swing=lambda table: (table["loss_high"] - table["loss_low"]).abs())
    frame = frame.set_index(["factor", "row"])
    if still:
        effects, frame = dict.fromkeys(effects, (0.0,) * 3), frame.iloc[:0]
    index = pd.MultiIndex.from_product([["gross", "net"], effects], names=["output", "factor"])
    table = pd.DataFrame(
        [(mu, abs(mu), low, high, 1.0) for mu, low, high in effects.values()] * 2,
        index,
        ["mu", "mu_star", "mu_star_low", "mu_star_high", "sigma"],
    )
    parts = [(factor, *[*factor.split("/"), ""][:3], 2, 2 if factor == "shock/time" else 1) for factor in effects]
    groups = pd.DataFrame(parts, columns=["factor", "table", "what", "where", "rows", "assumed"]).set_index("factor")
    variance = None
    if points:
        spread = pd.DataFrame({"mean": [6.0], "deviation": [2.0]}, pd.Index(["gross"], name="output"))
        shares = [(0.7, 0.5, 0.9, 0.8, 0.6, 1.1), (0.1, -0.1, 0.2, 0.2, 0.1, 0.3)]
        strong = pd.MultiIndex.from_product([["gross"], list(effects)[:2]], names=["output", "factor"])
        variance = Variance(points, 4 * points, spread, pd.DataFrame(shares, strong, list(PARTS)))
    central = pd.Series({"gross": 6.0, "net": 2.0})
    found = Sensitivity("IDN", SHOCK, 104, central, Screening(4, 16, table), groups, frame, variance)
    options = {"shock": SHOCK, "trajectories": 4, "sobol": points, "weeks": 104}
    return save(workspace, data, "sensitivity", options, found.as_tables())


def save_sample(workspace, data, *, losses=LOSSES, rate=RATE):
    """Save a campaign in which two hazards cost anything, one of them most."""
    n = len(losses)
    hazard = np.array(["twn_blockade", "demand_surge_memory", *("ukr_neon",) * (n - 2)], dtype=object)
    columns = {f"{prefix}{name}": np.asarray(losses) for prefix in ("", "world_") for name in COLUMNS}
    outcomes = pd.DataFrame({"hazard": hazard, **columns}, pd.RangeIndex(n, name="scenario"))
    grouped = outcomes.groupby("hazard")["gross"]
    hazards = pd.DataFrame({"events": grouped.size(), "chance": 0.5, "mean": grouped.mean(), "high": grouped.max()})
    index = pd.MultiIndex.from_product([["home", "world"], range(4)], names=["watch", "week"])
    paths = pd.DataFrame(dict.fromkeys(("low", "median", "high", "mean"), 0.0), index)
    found = Campaign("IDN", n, 156, outcomes, paths, hazards, rate)
    return save(workspace, data, "stress", {"weeks": 156, "sample": n}, found.as_tables())


def save_critical(workspace, data, *, gross=(0.4, 0.1, 0.0)):
    """Save a run of three suppliers and a user; one may be gone for longer than one can do without it."""
    suppliers = [("fab_logic_lt10", "TWN"), ("chip_dram", "KOR"), ("litho_euv", "NLD"), ("use_automotive", "IDN")]
    index = pd.MultiIndex.from_tuples(suppliers, names=["node", "country"])
    losses = {f"{watch}_{name}": [*gross, 1.0] for watch in ("home", "world") for name in MEASURES}
    lost = pd.DataFrame({"user": [False, False, False, True], **losses}, index)
    lost["home_impact_week"] = [8.0, np.nan, np.nan, 0.0]
    times = pd.DataFrame(
        {
            "goods": [True, True, False],
            "survive_weeks": [25.0, 29.5, np.nan],
            "for_ever": [False, False, False],
            "recover_weeks": [26.0, np.nan, np.nan],
            "recover_high": [104.0, np.nan, np.nan],
            "hazard": ["twn_blockade", "", ""],
            "hazard_loss": [0.75, np.nan, np.nan],
            "qualify_weeks": [78.0, 16.0, np.nan],
            "exposed": [True, False, False],
        },
        index[:3],
    )
    tables = Criticality("IDN", 13.0, 65, lost).as_tables() | Survival(times).as_tables()
    return save(workspace, data, "stress", {"weeks": 65, "critical": True}, tables)


def _of_plan():
    """Return the tables of a plan that every question about it keeps."""
    row = {"soon": 2028, "first": 2026}
    return {"run": pd.DataFrame([row]), "steps": pd.DataFrame({"step": list(STEPS)})}


def save_others(workspace, data, *, found=2):
    """Save a search for other plans that found some."""
    plans = pd.DataFrame(
        {"value": 100.0, "distance": 1.0, "most_distance": np.inf, "regret": 2.0},
        pd.RangeIndex(found + 1, name="plan"),
    )
    steps = pd.DataFrame({"share": STEPS.values()}, pd.Index(list(STEPS), name="step"))
    regret = pd.DataFrame({0: [1.0]}, pd.Index(["now"], name="future"))
    others = Alternatives((make_plan().answer,), plans, steps, regret)
    return save(workspace, data, "plan", {"with": "JPN", "alternatives": found}, _of_plan() | others.as_tables())


def save_assumptions(workspace, data, *, still=False, hasty=False, first=True):
    """Save a run in which one of three groups of assumptions moves first steps, if any does, and one was not looked at closely."""
    one, second = STEPS
    solved = {"state": "solved", "kept": 60.0, "low": 70.0, "high": 80.0, "lost_low": 0.0, "lost_high": 10.0}
    runs = [
        Run("capital", "low", **solved, stay=2),
        Run(
            "capital",
            "high",
            **solved | {"low": 20.0, "high": 30.0},
            **({} if still else {"left": second, "sure": True}),
        ),
        Run("chance/control_tight", "low", **solved, stay=2),
        Run("chance/control_tight", "high", "unknown" if hasty else "impossible", broken=not hasty),
        Run("grid", "low", "kept", kept=98.0),
        Run("grid", "high", "kept", kept=103.0),
    ]
    names = {name: None for name in GROUPS if name.startswith("name_")}
    tight = {"name_en": "Export control tightens", "name_id": "Kendali ekspor mengetat", "name_ja": "輸出管理の強化"}
    shared = {"table": "step_costs", "rows": 40, "assumed": 30, "held": 1, "fixed": 2, "broken": False, "known": 2}
    idle = {"changed": 0, "sure": 0, "swing": 30.0, "swing_sure": 0.0, "drift": 40.0}
    rows = [
        {"group": "capital", **names, **shared, **idle, **({} if still else {"changed": 1, "sure": 1})},
        {"group": "chance/control_tight", **tight, **shared, **idle, "broken": not hasty, "drift": np.nan, "known": 1},
        {"group": "grid", **names, **shared, **idle, "drift": 3.0, "known": 0},
    ]
    groups = pd.DataFrame(rows, columns=GROUPS).set_index("group")
    kept = 3 if still else 2
    steps = pd.DataFrame(
        [(one, first, 3, 3, 1.0, 0), (second, first, kept, 3, kept / 3, 3 - kept), ("en_power", False, 0, 3, 0.0, 0)],
        columns=["step", "plan", "first", "runs", "share", "sure"],
    ).set_index("step")
    frame = pd.DataFrame([vars(run) for run in runs])
    found = Assumptions(100.0, 110.0, frame, groups, steps)
    return save(workspace, data, "plan", {"with": "JPN", "assumptions": 2}, _of_plan() | found.as_tables())


def save_units(workspace, data, *, worth=3.0):
    """Save the worth of one more unit: of a purse, of a skill, of a resource, and of one that is worth nothing."""
    rows = [
        ("budget", "state", 2027, 1.0, worth / 2, worth, True),
        ("people", "design_engineers", 2030, 10.0, 0.0, worth / 3, True),
        ("resource", "power", 2029, 1.0, worth / 9, worth / 9, True),
        ("resource", "water", 2029, 1.0, 0.0, 0.0, False),
    ]
    units = pd.DataFrame(rows, columns=["kind", "item", "year", "amount", "low", "high", "binds"])
    return save(workspace, data, "plan", {"with": "JPN", "reasons": True}, _of_plan() | {"units": units})


def save_worth(workspace, data):
    plans = pd.DataFrame({"low": [90.0], "high": [100.0]}, pd.Index(["best"], name="plan"))
    gains = pd.DataFrame(GAINS.values(), pd.Index(list(GAINS), name="gain"), ["low", "high"])
    worth = PlanWorth(plans, gains)
    return save(workspace, data, "plan", {"with": "JPN", "worth": True}, _of_plan() | worth.as_tables())


def save_front(workspace, data, *, points=FRONT):
    names = ["point", "level", "reached", "low", "high", "beaten"]
    tables = {
        f"front_{aim}": pd.DataFrame(points, columns=names) for aim in ("jobs", "emissions", "self_reliance", "risk")
    }
    tables["front_self_reliance"]["reached"] /= 1000
    return save(workspace, data, "plan", {"with": "JPN", "front": True}, _of_plan() | tables)


def save_partners(workspace, data, *, settled=True):
    ends = {"JPN": (90.0, 110.0), "KOR": (20.0, 30.0), "SGP": (0.0, 1e-13)}
    columns = {f"{name}{end}": [] for name in ("shapley", "alone", "last") for end in ("", "_low", "_high")}
    for low, high in ends.values():
        for name, values in columns.items():
            values.append(low if name.endswith("_low") else high if name.endswith("_high") else (low + high) / 2)
    table = pd.DataFrame({**columns, "offers": [3, 2, 0]}, pd.Index(list(ends), name="partner"))
    coalitions = pd.DataFrame({"low": [0.0], "high": [1.0], "solved": [True]}, pd.Index([""], name="members"))
    values = PartnerValues(table, (10.0, 12.0), (130.0, 150.0), settled, 5, 2, coalitions)
    return save(workspace, data, "partners", {"quick": True}, values.as_tables())


def save_questions(workspace, data):
    """Return a run for every optional slot of the brief, by its name."""
    return {
        "sensitivity": save_sensitivity(workspace, data, points=64),
        "sample": save_sample(workspace, data),
        "critical": save_critical(workspace, data),
        "others": save_others(workspace, data),
        "assumptions": save_assumptions(workspace, data),
        "units": save_units(workspace, data),
        "worth": save_worth(workspace, data),
        "front": save_front(workspace, data),
        "partners": save_partners(workspace, data),
    }
