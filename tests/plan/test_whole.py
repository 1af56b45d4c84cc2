"""Starts told by what has begun are the same starts."""

import numpy as np
import pytest
from scipy import sparse

from pondasi.plan.whole import WholeSearch, find_above
from pondasi.solver import Programme


def make_programme(seed, nodes=7, options=3, rows=6):
    draws = np.random.default_rng(seed)
    parent = np.array([-1, *((np.arange(1, nodes) - 1) // 2)])
    option, node = np.nonzero(draws.random((options, nodes)) < 0.7)
    columns = len(option) + 2
    matrix = sparse.csr_array(draws.integers(-3, 4, (rows, columns)).astype(float))
    cost = np.concatenate([draws.integers(-9, 4, len(option)), [1.0, 2.0]])
    # Each option begins once on a path at most, as in every plan.
    once = []
    for o in range(options):
        for leaf in np.setdiff1d(np.arange(nodes), parent):
            path = [leaf]
            while parent[path[-1]] >= 0:
                path.append(parent[path[-1]])
            once.append(np.concatenate([(option == o) & np.isin(node, path), [False, False]]))
    matrix = sparse.csr_array(sparse.vstack([matrix, np.array(once, dtype=float)]))
    ends = np.full(matrix.shape[0], -np.inf), np.concatenate([np.full(rows, 4.0), np.ones(len(once))])
    bounds = np.zeros(columns), np.concatenate([np.ones(len(option)), [3.0, 3.0]])
    return find_above(option, node, parent), cost, bounds, matrix, ends


@pytest.mark.parametrize("seed", range(12))
def test_both_ways_have_the_same_best(seed):
    above, cost, bounds, matrix, ends = make_programme(seed)
    whole = np.arange(len(cost)) < len(above)
    plain = Programme(cost, *bounds, matrix, *ends, whole=whole).solve(gap=0.0)
    search = WholeSearch(above, cost, bounds, matrix, ends)
    search.suggest(plain.x)
    found = search.solve(0.0, None)
    assert found.objective == pytest.approx(plain.objective)
    assert cost @ found.x == pytest.approx(plain.objective)
    assert (matrix @ found.x <= ends[1] + 1e-6).all()
    assert set(np.round(found.x[: len(above)], 6)) <= {0, 1}


def test_some_starts_stand_behind_others():
    assert any((make_programme(seed)[0] >= 0).any() for seed in range(3))
