"""The runs of BoARIO 0.7.2 that lie in ../shared: the same output and the same unmet final demand, step by step."""

import json

import numpy as np
import pandas as pd
import pytest

from pondasi.stress.pooled.dynamics import advance, prepare_base, start_state
from tests.stress.boario import Question, answer, ask_rules, ask_shock, read_table_csv

TOLERANCES = {"psi": 1e-9, "base": 1e-5}
"""Relative. In the base model BoARIO leaves stocks and orders as they are where all are within 1e-5 of their target."""
NOTHING = 1e-9
"""Of the largest final demand: below it, unmet demand is rounding on either side."""
NAMES = ["base_alt_recovery", "base_alt_arbitrary", "psi_alt_recovery", "psi_alt_rebuild", "psi_noalt_recovery"]
STEPS = 365


@pytest.fixture(scope="module")
def folder(shared):
    return shared("reference/boario")


def read_run(folder, name, quantity, labels):
    frame = pd.read_csv(folder / f"{name}__{quantity}.csv", header=[0, 1], index_col=0)
    return frame.T.reindex(labels).T.to_numpy()


def ask(folder, name):
    run = json.loads((folder / "meta.json").read_text(encoding="utf-8"))[name]
    model, orders, event = name.split("_")
    arbitrary = event == "arbitrary"
    return Question(
        model, orders, event, size=tuple(run["impact"]) if arbitrary else (0.4, 0.4), recovery=60 if arbitrary else 90
    )


@pytest.mark.referee
@pytest.mark.parametrize("name", NAMES)
def test_every_run_is_matched(folder, name):
    table, question = read_table_csv(folder), ask(folder, name)
    output, unmet = answer(table, question)
    tolerance = TOLERANCES[question.model]
    theirs = read_run(folder, name, "production_realised", table.labels)
    assert output == pytest.approx(theirs, rel=tolerance)
    scale = table.final.sum(axis=1).max() / STEPS
    assert unmet == pytest.approx(
        read_run(folder, name, "final_demand_undist", table.labels), rel=tolerance, abs=max(NOTHING, tolerance) * scale
    )
    assert (theirs.min(axis=0) < 0.99 * theirs[0]).any(), "something happens in this run"


@pytest.mark.referee
@pytest.mark.parametrize("name", NAMES)
def test_unmet_demand_by_region_of_its_users_is_matched(folder, name):
    """The same cut for all buyers of an industry, so that each region's share follows from the base."""
    table, question = read_table_csv(folder), ask(folder, name)
    _, unmet = answer(table, question)
    final = table.final / STEPS
    part = unmet / final.sum(axis=1)
    sectors = table.labels.get_level_values("sector")
    theirs = read_run(folder, name, "final_demand_unmet", table.labels)
    tolerance = TOLERANCES[question.model]
    for sector in sectors.unique():
        rows = np.flatnonzero(sectors == sector)
        by_user = part[:, rows] @ final[rows]
        found = theirs[:, rows][:, np.argsort([table.users.index(table.labels[row][0]) for row in rows])]
        assert by_user == pytest.approx(found, rel=tolerance, abs=max(NOTHING, tolerance) * final.max())


@pytest.mark.referee
@pytest.mark.parametrize("name", ["psi_alt_recovery", "psi_alt_rebuild", "psi_noalt_recovery"])
def test_stocks_at_the_end_are_matched_by_the_readable_side(folder, name):
    table, question = read_table_csv(folder), ask(folder, name)
    rules = ask_rules(question)
    shock = ask_shock(table, rules, question)
    base = prepare_base(table, rules)
    state = start_state(base, shock.rebuilding)
    for step in range(STEPS):
        loss = np.max([loss.at(step, len(base.x)) for loss in shock.losses], axis=0, initial=0.0) * np.ones_like(base.x)
        state, _ = advance(base, state, loss, shock.rebuilding)
    # There sectors and industries stand in the order of the alphabet.
    sectors = list(dict.fromkeys(table.labels.get_level_values("sector")))
    order = sorted(range(len(table.labels)), key=lambda i: table.labels[i])
    found = state.stocks[np.argsort(sectors)][:, order]
    theirs = np.load(folder / f"{name}__inputs_stocks_last.npy")
    assert found == pytest.approx(theirs, rel=TOLERANCES["psi"])
