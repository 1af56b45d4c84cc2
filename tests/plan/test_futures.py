"""The reduced tree keeps the probabilities and the means of the full one."""

import numpy as np
import pandas as pd
import pytest

from pondasi.plan.case import load_case
from pondasi.plan.futures import blend_demand, blend_effects, grow_tree, name_nodes

ROUNDING = 1e-12
"""Sums of 36 products of numbers with two or three digits."""


@pytest.fixture(scope="module", params=["IDN", "MYS"])
def case(request):
    return load_case(request.param)


@pytest.fixture(scope="module")
def trees(case):
    return grow_tree(case), grow_tree(case, full=True)


def test_the_reduced_tree_is_small_and_has_two_gates(trees):
    reduced, full = trees
    assert len(reduced.leaves) <= 9 < len(full.leaves)
    assert len(reduced.gates) == 2 < len(full.gates)


def test_probabilities_sum_to_one(trees):
    for tree in trees:
        assert tree.nodes.loc[tree.leaves, "reach"].sum() == pytest.approx(1, abs=ROUNDING)
        children = tree.nodes.dropna(subset="parent").groupby("parent")["probability"].sum()
        assert np.allclose(children, 1, atol=ROUNDING)


def test_a_joined_node_has_the_probability_of_what_it_joins(trees):
    reduced, full = trees
    sums = full.nodes["reach"].groupby(pd.Series(reduced.joined)).sum()
    assert np.allclose(reduced.nodes["reach"], sums[reduced.nodes.index], atol=ROUNDING)


def test_every_branch_is_as_probable_in_both_trees(trees):
    marginals = []
    for tree in trees:
        leaves = tree.mix.loc[tree.leaves]
        weight = tree.nodes["reach"].reindex(leaves.index.get_level_values("node")).to_numpy()
        marginals.append((leaves["share"] * weight).groupby("branch").sum())
    assert np.allclose(marginals[0], marginals[1][marginals[0].index], atol=ROUNDING)


def test_the_mean_of_every_effect_is_kept(case, trees):
    means = []
    for tree in trees:
        effects = blend_effects(case, tree).loc[tree.leaves, "value"]
        weight = tree.nodes["reach"].reindex(effects.index.get_level_values("node")).to_numpy()
        means.append((effects * weight).groupby(["effect", "partner", "year"]).sum())
    assert np.allclose(means[0], means[1][means[0].index], rtol=ROUNDING)


def test_the_mean_of_demand_is_kept(case, trees):
    means = []
    for tree in trees:
        demand = blend_demand(case, tree).loc[tree.leaves, "value"]
        weight = tree.nodes["reach"].reindex(demand.index.get_level_values("node")).to_numpy()
        means.append((demand * weight).groupby(["user", "year"]).sum())
    assert np.allclose(means[0], means[1][means[0].index], rtol=ROUNDING)


def test_nothing_is_known_earlier_than_in_the_full_tree(trees):
    reduced, full = trees
    for name, group in reduced.joined.items():
        assert reduced.nodes.loc[group, "year"] >= full.nodes.loc[name, "year"]


def test_shares_of_a_variable_are_one_at_every_node(case, trees):
    variable = case.tables["branches"].set_index("branch")["variable"]
    for tree in trees:
        sums = (
            tree.mix["share"]
            .groupby([tree.mix.index.get_level_values("node"), tree.mix.index.get_level_values("branch").map(variable)])
            .sum()
        )
        assert np.allclose(sums, 1, atol=ROUNDING)


def test_every_node_has_a_name(case, trees):
    for tree in trees:
        for language in ("en", "id", "ja"):
            assert set(name_nodes(case, tree, language)) == set(tree.nodes.index)


def test_options_have_terms_and_a_chance(case):
    options = case.options
    assert options["cost_factor"].notna().all()
    assert options["success"].between(0, 1, inclusive="right").all()
    assert options["kept"].notna().all()
