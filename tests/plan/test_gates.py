"""Gates: what holds in every future is said once, the rest where it belongs, and probabilities add up."""

import numpy as np
import pandas as pd
import pytest

from pondasi.plan.case import load_case
from pondasi.plan.futures import grow_tree
from pondasi.plan.gates import find_gates, read_gates, tabulate_conditions, tabulate_futures, tell_gates
from pondasi.words import LANGUAGES, Words
from tests.plan.hand_made import start_by_hand

NAMES = {f"name_{language}": "x" for language in LANGUAGES}


def tables(*starts):
    futures = pd.DataFrame(
        [
            ("now", None, 2026, 1.0, 1.0),
            ("low", "now", 2029, 0.4, 0.4),
            ("high", "now", 2029, 0.6, 0.6),
            ("high_kept", "high", 2034, 0.5, 0.3),
            ("high_left", "high", 2034, 0.5, 0.3),
        ],
        columns=["future", "parent", "year", "probability", "reach"],
    ).assign(**NAMES)
    begun = pd.DataFrame(starts, columns=["step", "partner", "year", "future", "modules"])
    conditions = pd.DataFrame(
        [("low", "demand", "slow"), ("high", "demand", "base"), ("high", "demand", "fast"), ("high", "rule", "loose")],
        columns=["future", "variable", "branch"],
    )
    return begun, futures, conditions


def test_what_every_branch_starts_is_shared_and_the_rest_is_its_own():
    gates = read_gates(
        *tables(
            ("school", None, 2026, "now", 1.0),
            ("park", None, 2030, "low", 1.0),
            ("park", None, 2030, "high", 2.0),
            ("plant", "JPN", 2031, "high", 1.0),
            ("plant", "JPN", 2035, "high_kept", 1.0),
            ("plant", "KOR", 2035, "high_left", 1.0),
        )
    )
    assert [start.step for start in gates.first] == ["school"]
    first, second = gates.gates
    assert (first.year, first.before, second.year, second.before) == (2029, "now", 2034, "high")
    assert [start.step for start in first.shared] == ["park"]
    assert {branch.future: [start.step for start in branch.starts] for branch in first.branches} == {
        "low": [],
        "high": ["plant"],
    }
    # The same step with another partner is another start.
    assert second.shared == ()
    assert [branch.starts[0].partner for branch in second.branches] == ["JPN", "KOR"]
    assert not first.is_idle
    assert [c.branches for c in first.branches[1].conditions] == [("base", "fast"), ("loose",)]


def test_a_gate_at_which_nothing_is_started_is_idle():
    gates = read_gates(*tables(("school", None, 2026, "now", 1.0)))
    assert [gate.is_idle for gate in gates.gates] == [True, True]
    assert read_gates(*tables()).first == ()


@pytest.fixture(scope="module")
def plan():
    return start_by_hand()


def test_chances_of_a_gate_add_up_and_lead_to_the_tree(plan):
    gates = find_gates(plan)
    for gate in gates.gates:
        assert sum(branch.chance for branch in gate.branches) == pytest.approx(1)
    reached = {branch.future: branch.reach for gate in gates.gates for branch in gate.branches}
    tree = plan.problem.tree
    for node, name in enumerate(tree.names):
        if name in reached:
            assert reached[name] == pytest.approx(tree.probability[node])
    assert {gate.year for gate in gates.gates} == set(grow_tree(plan.case).gates)


def test_every_start_of_the_plan_stands_in_exactly_one_place(plan):
    gates = find_gates(plan)
    own = [start for gate in gates.gates for branch in gate.branches for start in branch.starts]
    shared = [start for gate in gates.gates for start in gate.shared for _ in gate.branches]
    assert len(gates.first) + len(own) + len(shared) == len(plan.starts)


def test_conditions_name_what_is_ruled_out_and_nothing_else():
    class Stub:
        case = load_case("IDN")

        class problem:  # noqa: N801 - shape of a plan
            class tree:  # noqa: N801
                leaves = np.arange(9)

    found = tabulate_conditions(Stub).groupby("future")["branch"].agg(set).to_dict()
    assert found["slow_world"] == {"demand_low"}  # both regimes of control remain
    assert found["open_world"] == {"demand_base", "demand_high", "control_loose"}
    assert found["slow_world_alone"] == {"commitment_withdrawn"}  # technology is still open
    assert set(tabulate_futures(Stub)["future"]) == set(grow_tree(Stub.case).nodes.index)


@pytest.mark.parametrize("language", LANGUAGES)
def test_gates_are_told_as_whole_sentences(plan, language):
    told = tell_gates(plan, Words(language))
    end = "。" if language == "ja" else "."
    assert all(line.endswith(end) and "{" not in line and "()" not in line and "（）" not in line for line in told)
    assert any("2029" in line for line in told)
    assert any("34%" in line or "34 %" in line for line in told)
    assert len(set(told)) == len(told)
    short = tell_gates(plan, Words(language), listed=True)
    assert short[1:] == told[1:]
    assert Words(language).say("plan.gate.first.at.listed", year="2029") == short[0] != told[0]


def test_a_plan_without_starts_after_its_first_gate_says_so_once():
    gates = read_gates(*tables(("school", None, 2026, "now", 1.0)))
    assert gates.is_idle
    assert gates.years == [2029, 2034]
    assert not read_gates(*tables(("plant", "JPN", 2035, "high_kept", 1.0))).is_idle
