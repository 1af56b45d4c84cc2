"""Time to survive: by hand, with its certificate, and never shorter than the chain itself holds out."""

import numpy as np
import pandas as pd
import pytest

from pondasi.stress.assemble import Lots, Suppliers, assemble
from pondasi.stress.criticality import stop_suppliers
from pondasi.stress.kernel import DELIVERED
from pondasi.stress.simulate import run_schedule
from pondasi.stress.survival import FOR_EVER, SurvivalProgramme, find_binding, survive_losses
from pondasi.stress.system import Kind
from pondasi.stress.watches import watch_suppliers
from tests.stress.random_systems import PACE, draw_system

ROUNDING = 1e-9
"""Sums over some hundred lots, relative."""
SOLVED = 1e-6
"""The solver keeps rows to 1e-7 of some weeks."""
RAW, OTHER, FAB, USE = range(4)


def three_nodes(*, force=1.0, along=False, dual=1.0, spare=0.2):
    """Two sources of a material for one fab with four weeks of line, which serves one user industry."""
    labels = pd.MultiIndex.from_tuples(
        [("raw", "AAA"), ("raw", "BBB"), ("fab", "AAA"), ("use", "AAA")], names=["node", "country"]
    )
    suppliers = Suppliers(
        labels,
        np.array([1.4, 0.6, 10.0, 20.0]),
        np.array([0.0, 0.0, 4.0, 0.0]),
        np.array([1.0, 0.0, 0.0, 0.0]),
        np.array([0.5, spare, 0.0, 0.0]),
        np.zeros(4),
        np.array([1.0, 1.0, 1.0, 0.0]),
    )
    three = np.ones(3)
    lots = Lots(
        supplier=np.array([RAW, OTHER, FAB]),
        user=np.array([FAB, FAB, USE]),
        node=np.array([0, 0, 1]),
        value=np.array([1.4, 0.6, 10.0]),
        stock_weeks=np.array([2.0, 2.0, 3.0]),
        kind=np.full(3, int(Kind.FLOW)),
        force=np.array([force, force, 1.0]),
        along=np.array([along, along, False]),
        dual=dual * three,
        varieties=three,
        shared=0 * three,
        qualification_weeks=26 * three,
        wear_per_year=0 * three,
        repair_weeks=4 * three,
        refresh_per_year=0 * three,
        lag_weeks=0 * three,
    )
    return assemble(suppliers, lots, PACE)


def times(system, **_):
    """Return the time to survive by (node, country)."""
    scope = np.asarray(system.labels.get_level_values("node") == "use")
    found = survive_losses(system, scope, np.arange(len(system.output)))
    return dict(zip(system.labels, found, strict=True))


def test_by_hand():
    """Without raw AAA: v >= t at the user less 3 weeks in stock, less 4 on the line, so that the fab starts t - 7.

    That takes 2 (t - 7) USD of raw out of 1.4 finished + 4 in the fab's stock + 0.6 x 1.2 t: t = 19.4 / 1.28.
    """
    found = times(three_nodes())
    assert found["raw", "AAA"] == pytest.approx(19.4 / 1.28, rel=SOLVED)
    assert found["raw", "BBB"] == np.inf  # the other source reaches 1.4 x 1.5 = 2.1 of the 2 that are needed
    assert found["fab", "AAA"] == pytest.approx(3.0, rel=SOLVED)
    assert found["use", "AAA"] == 0.0


def test_a_gas_that_enters_all_along_the_line_is_missed_sooner():
    """To ship the four weeks on the line takes 1 + 2 + 3 + 4 = 10 quarters of a week's gas, not none.

    The fab ships t - 3 and passes t - 3 - 3/2 weeks: 2 (t - 4.5) = 5.4 + 0.72 t.
    """
    assert times(three_nodes(along=True))["raw", "AAA"] == pytest.approx(14.4 / 1.28, rel=SOLVED)


def test_what_does_not_bind_and_what_binds_by_half():
    """Half of the starts need no important input: 2 (t - 7 - t/2) / (1/2) = 5.4 + 0.72 t."""
    assert times(three_nodes(force=0.0))["raw", "AAA"] == np.inf
    assert times(three_nodes(force=0.5))["raw", "AAA"] == pytest.approx(33.4 / 1.28, rel=SOLVED)


def test_the_certificate():
    """The dual value equals the primal one, from the prices of rows and of the bounds that bind."""
    system = three_nodes()
    programme = SurvivalProgramme(system, np.asarray(system.labels.get_level_values("node") == "use"))
    for supplier in (None, RAW, OTHER, FAB, USE):
        solved = programme.solve(supplier)
        dual = programme.row_upper @ solved.duals + programme.upper[0] * min(solved.reduced[0], 0.0)
        assert dual == pytest.approx(solved.objective, rel=SOLVED, abs=SOLVED)
        # The prices keep the dual's own rows: none rewards what may grow without end.
        assert (solved.duals <= SOLVED).all()
        free = np.isinf(programme.upper) & (
            np.arange(len(programme.upper)) != 1 + (-2 if supplier is None else supplier)
        )
        assert (solved.reduced[free] >= -SOLVED).all()


def hold_out(system, scope, suppliers, steps):
    """Return the steps for which the chain serves in full what counts, without each supplier."""
    watches = watch_suppliers([(str(i), DELIVERED, row) for i, row in enumerate(np.eye(len(scope), dtype=bool))])
    series = run_schedule(system, stop_suppliers(suppliers, float(steps)), steps, watches)
    due = np.arange(1, steps + 1) * system.final[scope][:, None]
    served = (series[:, scope].cumsum(axis=2) >= due * (1 - ROUNDING)).all(axis=1)
    return np.where(served.all(axis=1), steps, served.argmin(axis=1))


@pytest.mark.parametrize("seed", range(12))
def test_the_chain_never_holds_out_longer(seed):
    """For any dual share: the programme leaves out what hinders, and nothing that helps."""
    system = draw_system(seed, nodes=4 + seed % 4, loops=seed % 3 == 2, kinds=seed % 4 != 3)
    last = system.labels.get_level_values("node").max()
    scope = np.asarray(system.labels.get_level_values("node") == last) & (system.final > 0)
    suppliers = np.arange(len(system.output))
    bound, steps = survive_losses(system, scope, suppliers), 60
    held = hold_out(system, scope, suppliers, steps)
    assert (held <= bound * (1 + SOLVED) + SOLVED).all()
    assert np.isinf(bound[~find_binding(system) & ~scope]).all()


def test_where_nothing_branches_the_bound_is_reached():
    system = three_nodes()
    scope = np.asarray(system.labels.get_level_values("node") == "use")
    assert hold_out(system, scope, np.array([FAB]), 20).tolist() == [3]


def test_spare_capacity_of_others_lengthens_it():
    spans = [times(three_nodes(spare=spare))["raw", "AAA"] for spare in (0.0, 0.2, 1.0, 2.0, 3.0)]
    assert spans == sorted(spans)
    assert np.isfinite(spans[:3]).all()
    assert spans[-1] == np.inf
    assert 100 * max(spans[:3]) < FOR_EVER
