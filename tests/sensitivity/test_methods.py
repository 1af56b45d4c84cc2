"""Screening and variance: published indices, limits, and the same bits wherever they run."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pondasi.errors import MissingExtraError, UsageError
from pondasi.executor import Processes
from pondasi.sensitivity.screen import screen_factors
from pondasi.sensitivity.variance import measure_sobol

ISHIGAMI = dict.fromkeys(("x1", "x2", "x3", "idle"), (-np.pi, np.pi))
A, B = 7.0, 0.1
WEIGHTS = np.array([0.0, 1.0, 4.5, 9.0, 99.0, 99.0, 99.0, 99.0])
"""Of the g-function, as in Saltelli et al. 2010 (doi:10.1016/j.cpc.2009.09.018), their case A1."""


def ishigami(x):
    """Ishigami and Homma 1990, with a factor that does nothing."""
    return np.sin(x[0]) + A * np.sin(x[1]) ** 2 + B * x[2] ** 4 * np.sin(x[0])


def g_function(x):
    return np.prod((np.abs(4 * x - 2) + WEIGHTS) / (1 + WEIGHTS))


def two_outputs(x):
    return [ishigami(x), 5.0]


def ishigami_indices():
    """The indices in closed form (Saltelli et al. 2008, Global Sensitivity Analysis: The Primer)."""
    first = np.array([(1 + B * np.pi**4 / 5) ** 2 / 2, A**2 / 8, 0, 0])
    pair = B**2 * np.pi**8 * (1 / 18 - 1 / 50)
    whole = first.sum() + pair
    return first / whole, (first + pair * np.array([1, 0, 1, 0])) / whole


def g_indices():
    parts = 1 / (3 * (1 + WEIGHTS) ** 2)
    whole = np.prod(1 + parts) - 1
    return parts / whole, parts * np.prod(1 + parts) / (1 + parts) / whole


@pytest.mark.parametrize(
    ("run", "intervals", "indices"),
    [
        (ishigami, ISHIGAMI, ishigami_indices()),
        (g_function, {f"x{k}": (0.0, 1.0) for k in range(len(WEIGHTS))}, g_indices()),
    ],
    ids=["ishigami", "g"],
)
def test_indices_are_those_in_closed_form(run, intervals, indices):
    found = measure_sobol(intervals, run, samples=2048, seed=3).rank("value").loc[list(intervals)]
    for name, exact in zip(("first", "total"), indices, strict=True):
        # The error of a quasi-random estimate over 2,048 points; the bootstrap puts it at 0.01 to 0.05.
        assert found[name].to_numpy() == pytest.approx(exact, abs=0.02)
        inside = (found[f"{name}_low"] - 0.01 <= exact) & (exact <= found[f"{name}_high"] + 0.01)
        assert inside.all()


def test_more_points_come_nearer():
    first, total = ishigami_indices()
    misses = []
    for samples in (64, 512, 4096):
        found = measure_sobol(ISHIGAMI, ishigami, samples=samples).rank("value").loc[list(ISHIGAMI)]
        misses.append(np.abs(found[["first", "total"]].to_numpy() - np.column_stack([first, total])).max())
    assert misses[0] > misses[1] > misses[2]


def test_the_mean_and_deviation_are_those_in_closed_form():
    spread = measure_sobol(ISHIGAMI, ishigami, samples=4096).spread.loc["value"]
    variance = A**2 / 8 + B * np.pi**4 / 5 + B**2 * np.pi**8 / 18 + 0.5
    assert spread["mean"] == pytest.approx(A / 2, abs=0.02)
    assert spread["deviation"] == pytest.approx(np.sqrt(variance), rel=0.01)


def test_a_factor_without_effect_has_none_to_the_bit():
    screened = screen_factors(ISHIGAMI, ishigami, trajectories=6).rank("value").loc["idle"]
    assert (screened == 0).all()
    shares = measure_sobol(ISHIGAMI, ishigami, samples=64).rank("value").loc["idle"]
    assert (shares == 0).all()


def test_screening_ranks_the_g_function_by_its_weights():
    names = [f"x{k}" for k in range(len(WEIGHTS))]
    found = screen_factors(dict.fromkeys(names, (0.0, 1.0)), g_function, trajectories=60)
    # On a grid of four levels |4x - 2| is 2 at 0 and 1, 2/3 between: every step changes it by 4/3 or by nothing.
    assert list(found.rank("value").index[:4]) == names[:4]


def test_an_output_that_does_not_move_has_no_shares_and_the_others_keep_theirs():
    found = measure_sobol(ISHIGAMI, two_outputs, samples=64, outputs=("moving", "still"))
    assert (found.rank("still") == 0).all(axis=None)
    alone = measure_sobol(ISHIGAMI, ishigami, samples=64).rank("value")
    assert found.rank("moving").equals(alone)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-8, 8).filter(lambda x: abs(x) > 1e-3), min_size=1, max_size=6), st.integers(0, 2**16))
def test_a_sum_is_taken_apart(weights, seed):
    """In a sum an effect is the weight on every path, and the parts of the variance are those of the terms."""
    weights = np.array(weights)
    intervals = {f"x{k}": (-1.0, 2.0) for k in range(len(weights))}
    screened = (
        screen_factors(intervals, lambda x: x @ weights, trajectories=3, seed=seed).rank("value").loc[list(intervals)]
    )
    assert screened["mu"].to_numpy() == pytest.approx(3 * weights, rel=1e-9)
    for column in ("mu_star", "mu_star_low", "mu_star_high"):
        assert screened[column].to_numpy() == pytest.approx(3 * np.abs(weights), rel=1e-9)
    shares = measure_sobol(intervals, lambda x: x @ weights, samples=512, seed=seed).rank("value").loc[list(intervals)]
    exact = weights**2 / (weights**2).sum()
    # 512 points of a scrambled sequence: errors of the smooth sum stay well below this.
    assert shares["total"].to_numpy() == pytest.approx(exact, abs=0.05)


def test_the_bits_are_the_same_on_two_workers():
    alone = [screen_factors(ISHIGAMI, ishigami, trajectories=4), measure_sobol(ISHIGAMI, ishigami, samples=32)]
    with Processes(2) as pool:
        shared = [
            screen_factors(ISHIGAMI, ishigami, trajectories=4, executor=pool),
            measure_sobol(ISHIGAMI, ishigami, samples=32, executor=pool),
        ]
    for one, other in zip(alone, shared, strict=True):
        assert one.table.equals(other.table)
    again = screen_factors(ISHIGAMI, ishigami, trajectories=4, seed=1)
    assert not again.table.equals(alone[0].table)


def test_a_caller_hears_how_far_it_is():
    heard = []
    screen_factors(ISHIGAMI, ishigami, trajectories=7, progress=lambda done, of: heard.append((done, of)))
    assert heard[-1] == (35, 35)
    assert len(heard) > 1


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: screen_factors({}, ishigami), "nothing to move"),
        (lambda: screen_factors({"a": (1, 1), "b": (0, 1), "c": (0, np.inf)}, ishigami), "a, c"),
        (lambda: screen_factors(ISHIGAMI, ishigami, trajectories=1), "at least 2"),
        (lambda: measure_sobol(ISHIGAMI, ishigami, samples=100), "power of two"),
        (lambda: measure_sobol(ISHIGAMI, two_outputs, samples=4), "return 1 numbers"),
        (lambda: measure_sobol(ISHIGAMI, lambda _: np.nan, samples=4), "At 24 of 24 points"),
    ],
)
def test_what_makes_no_sense_is_refused(call, said):
    with pytest.raises(UsageError, match=said):
        call()


def test_a_missing_package_is_named_with_its_install_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "SALib.analyze", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'pondasi\[sensitivity\]'"):
        screen_factors(ISHIGAMI, ishigami)


def test_an_effect_of_the_last_digits_is_none():
    def run(x):
        return 1e6 + x[0] + 1e-9 * np.floor(3 * x[1])

    found = screen_factors({"real": (0, 1), "noise": (0, 1)}, run).rank("value")
    assert found.loc["real", "mu_star"] == pytest.approx(1.0, rel=1e-3)
    assert (found.loc["noise"] == 0).all()
