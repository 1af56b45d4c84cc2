"""From the shipped cases to arrays: what is stated arrives, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pondasi.chain.cases import list_cases
from pondasi.chain.flows import balance_flows
from pondasi.chain.records import Chain
from pondasi.errors import DataError, UsageError
from pondasi.plan.build import OFFERS, build_problem
from pondasi.plan.build_money import find_wear, run_profiles
from pondasi.plan.build_options import list_options
from pondasi.plan.build_tree import read_effects, spread_years
from pondasi.plan.build_year import build_chain_year, find_force, find_plants, read_trade
from pondasi.plan.case import load_case
from pondasi.plan.futures import grow_tree
from pondasi.plan.layout import Layout
from pondasi.plan.operations import Point, make_setting, sweep_node
from pondasi.plan.reach import find_reach
from pondasi.plan.repair import find_possible
from pondasi.plan.scenarios import choose_few, draw_levels
from pondasi.plan.solve import QUICK_OFFERS, leave_out
from pondasi.report.compute_plan import has_plan
from tests.plan.impossible.corpus import edit, leave_to_partners


@pytest.fixture(scope="module")
def case():
    return load_case("IDN")


@pytest.fixture(scope="module")
def problem(case):
    return build_problem(case, scenarios=6)


def test_the_tree_by_years_keeps_the_probabilities_of_the_futures(case, problem):
    tree, futures = problem.tree, grow_tree(case)
    for year in tree.years:
        assert tree.probability[tree.year == year].sum() == pytest.approx(1)
    assert (tree.year[tree.parent[1:]] == tree.year[1:] - 1).all()
    assert len(tree.leaves) == len(futures.leaves)
    gates = set(futures.gates)
    assert {int(tree.year[n]) + 1 for n in tree.gates} == gates
    short, _ = spread_years(futures, np.arange(2026, 2028))
    assert len(short) == 2


def test_money_is_that_of_the_case(case, problem):
    budgets = case.tables["budgets"]
    stated = budgets[(budgets["funder"] == "state") & (budgets["year"] == 2026)]["value"].item()
    assert problem.limits.budget[problem.labels.purses.index("state"), 0] == pytest.approx(stated / 1e6)
    assert (problem.options.purse_share >= 0).all()
    # In a partner's stead the state pays no more than that share, nor more in all than its own cap and that of lenders.
    assert ((problem.options.room >= 0) & (problem.options.room <= problem.options.purse_share + 1e-12)).all()
    state = problem.labels.purses.index("state")
    caps = case.tables["step_funding"]
    caps = caps[caps["funder"].isin(["state", "lender"])].groupby("step")["share"].sum()
    most = np.array([caps.get(problem.labels.steps[j], 0.0) for j in problem.options.step])
    with_room = problem.options.room.sum(axis=1) > 0
    total = problem.options.purse_share[:, state] + problem.options.room.sum(axis=1)
    assert with_room.any()
    assert (total <= most + 1e-9)[with_room].all()
    total = problem.options.purse_share.sum(axis=1)
    assert (total <= 1 + 1e-9).all()
    # What nobody may pay in full cannot start.
    assert not problem.options.open[total < 1 - 1e-6].any()


def test_a_step_that_fails_in_some_scenarios_keeps_its_cost_and_a_better_partner_keeps_its_scenarios(problem):
    levels, success = problem.operations.levels, problem.options.success
    weight = problem.operations.weight
    for o in range(len(problem.options)):
        works = levels[problem.options.step[o]] < success[o, 0]
        # Six scenarios of unequal weight: the drawn chance is as near as the heaviest of them allows.
        assert abs(weight @ works - success[o, 0]) <= weight.max() + 1e-9
    assert (success <= 1).all()


def test_without_plants_the_year_costs_what_is_bought(problem):
    setting = make_setting(problem)
    inputs = np.zeros(len(problem.options) + len(problem.labels.countries))
    sweep = sweep_node(setting, Point(0, inputs, 0.0), activity=True)
    calm = int(np.argmin(problem.operations.row_weight[-1]))
    unmet = [k for k, label in enumerate(problem.operations.column_labels) if label[1] in {"unmet", "lack"}]
    # Suppliers ship what is needed, to a part in a million of it: the flows were balanced to 1e-10.
    assert sweep.activity[unmet, calm] == pytest.approx(0, abs=1e-6)
    assert (sweep.values >= sweep.values[calm] - 1e-6).all(), "a disruption never saves money"


def test_options_are_a_stated_reduction_and_a_favoured_partner_stays(case):
    few = list_options(case, None, 1)
    assert few.frame[~few.frame["alone"]].groupby("step").size().max() == 1
    with_japan = list_options(case, None, 0, "JPN").frame
    able = case.tables["step_partners"].query("partner == 'JPN'")["step"]
    assert set(with_japan[with_japan["partner"] == "JPN"]["step"]) == set(able)
    with pytest.raises(UsageError, match="no partner of this case"):
        list_options(case, ["XXX"], 1)


def test_plants_pay_their_running_costs_and_programmes_do_not(case):
    plants = find_plants(case)
    assert plants
    assert not any(step.startswith("tal_") for step in plants)


def test_leaving_a_partner_out_closes_its_options_and_its_purse_but_for_what_is_committed(problem):
    without = leave_out(problem, "JPN")
    options = problem.options
    theirs = options.partner == problem.labels.partners.index("JPN")
    agreed = problem.menu.must[options.step]
    purse = problem.labels.purses.index("JPN")
    assert not without.options.open[theirs & ~agreed].any()
    assert (without.options.open[theirs & agreed] == options.open[theirs & agreed]).all()
    if not options.purse_share[agreed, purse].any():
        assert not without.limits.budget[purse].any()
    paid = options.purse_share[:, purse] > 0
    assert (without.options.open[~theirs & ~paid] == options.open[~theirs & ~paid]).all()


PLANNED = [country for country in list_cases() if has_plan(country)]


@pytest.fixture(
    scope="module", params=[(country, offers) for country in PLANNED for offers in (OFFERS, QUICK_OFFERS)], ids=str
)
def shipped(request):
    country, offers = request.param
    case = load_case(country)
    return case, build_problem(case, scenarios=0, offers=offers)


def test_every_case_that_ships_with_steps_has_a_plan_and_what_is_committed_its_size(shipped):
    case, problem = shipped
    assert problem.home == case.country
    found = find_possible(find_reach(problem).problem)
    assert found is not None, "the case asks for what its limits do not allow: `repair_plan` says what"
    part, x = found
    layout = Layout(part)
    option, node = layout.starts[0], part.tree.year[layout.starts[1]]
    started, size = x[layout.at("z", np.arange(len(option)))], x[layout.at("size", np.arange(len(option)))]
    committed = case.tables["steps"].query("status == 'committed'")
    assert len(committed)
    for row in committed.itertuples():
        mine = part.options.step[option] == part.labels.steps.index(row.step)
        chosen = mine & (started > 0.5)
        assert chosen.any()
        assert (node[chosen] == row.committed_start).all()
        assert size[chosen] == pytest.approx(row.committed_modules)


def rows_of(problem, step):
    """Return which options are of a step."""
    return problem.options.step == problem.labels.steps.index(step)


def test_a_committed_size_is_the_only_one_and_a_step_free_again_has_its_range(case, problem):
    step = "tal_scholarship_return"
    stated, traits = case.frame("steps").loc[step], case.frame("step_traits")["value"]
    mine = rows_of(problem, step)
    assert set(problem.options.size_min[mine]) == set(problem.options.size_max[mine]) == {stated["committed_modules"]}

    def at(modules):
        def change(steps):
            steps.loc[steps["step"] == step, "committed_modules"] = modules
            return steps

        return build_problem(edit(case, steps=change), scenarios=0).options

    other = at(1.25)
    assert set(other.size_min[mine]) == set(other.size_max[mine]) == {1.25}
    assert (other.size_min[~mine] == problem.options.size_min[~mine]).all()
    free = build_problem(edit(case, steps=release(step)), scenarios=0)
    assert set(free.options.size_min[mine]) == {traits[step, "least_scale"]}
    assert set(free.options.size_max[mine]) == {traits[step, "modules_max"]}


def release(step):
    """Return a change by which a step is committed no more."""

    def change(steps):
        mine = steps["step"] == step
        steps.loc[mine, "status"] = "none"
        steps.loc[mine, ["committed_start", "committed_modules"]] = np.nan
        return steps

    return change


def test_private_money_of_a_committed_plant_is_bound_by_its_cap_and_not_by_its_hurdle():
    case, step = load_case("MYS"), "mat_poly_eg"

    def private(case):
        problem = build_problem(case, scenarios=0)
        return problem.options.purse_share[rows_of(problem, step), problem.labels.purses.index("private")]

    assert private(case) == pytest.approx(1)
    assert (private(edit(case, steps=release(step))) < 0.6).all(), "sales earn half of the capital at the hurdle rate"
    assert private(edit(case, step_funding=leave_to_partners(step, 0.3))) == pytest.approx(0.7)


# --- years of disruption --------------------------------------------------------------------------


@settings(max_examples=50)
@given(st.integers(0, 10_000), st.integers(2, 40), st.integers(1, 60))
def test_few_years_stand_for_many(seed, kept, drawn):
    draws = np.random.default_rng(seed)
    weight = draws.dirichlet(np.ones(drawn))
    share = np.where(draws.random(drawn) < 0.3, 0.0, draws.random(drawn))
    cost = 5 + np.where(share > 0, draws.pareto(1.5, drawn), 0)
    which, few = choose_few(weight, share, cost, kept)
    assert len(which) == len(few) <= max(kept, 2)
    assert len(set(which)) == len(which)
    assert few.sum() == pytest.approx(1)
    assert few[share[which] == 0].sum() == pytest.approx(weight[share == 0].sum()), "calm years keep their weight"
    if kept >= drawn:
        assert few is weight


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_years_that_cost_the_same_are_thinned_by_weight(share):
    which, few = choose_few(np.full(6, 1 / 6), np.full(6, share), np.full(6, 3.0), 3)
    assert len(which) == (3 if share else 1)
    assert few.tolist() == pytest.approx([1 / len(few)] * len(few))


def test_thinning_keeps_the_mean_cost_where_plain_draws_do_not():
    draws = np.random.default_rng(0)
    missed, plain = [], []
    for _ in range(40):
        cost = draws.pareto(1.5, 2000)
        which, few = choose_few(np.full(2000, 1 / 2000), np.ones(2000), cost, 12)
        missed.append(abs(few @ cost[which] / cost.mean() - 1))
        plain.append(abs(draws.choice(cost, 12).mean() / cost.mean() - 1))
    # Twelve plain draws of so heavy a tail are off by more than half; the kept years by a tenth at most, on average.
    assert np.mean(plain) > 0.4
    assert np.mean(missed) < 0.1


def test_levels_spread_evenly():
    weight = np.full(50, 0.02)
    levels = draw_levels(["a", "b"], weight, 0)
    assert (np.sort(levels[0]) // 0.02 == np.arange(50)).all()
    assert (levels[0] != levels[1]).any()


def test_trade_of_a_country_adds_up(case):
    flows = balance_flows(case.world.chain)
    trade = read_trade(flows, "IDN")
    here = np.flatnonzero(flows.labels.get_level_values("country") == "IDN")
    assert trade.bought.to_numpy().sum() == pytest.approx(flows.Z[:, here].sum())
    assert trade.made.to_numpy().sum() == pytest.approx(flows.output.sum())


# --- agreements, stocks, lead times ---------------------------------------------------------------


def test_agreements_and_stocks_of_the_case_reach_the_year(case, problem):
    operations, labels = problem.operations, problem.labels
    stated = case.tables["step_nodes"]
    stocks = {
        step: rows.set_index("node")["value"] for step, rows in stated[stated["effect"] == "stock"].groupby("step")
    }
    assert len(stocks) > 1
    disrupted = operations.row_weight[-1] > 0
    at = [labels.steps.index(step) for step in stocks]
    for option in np.flatnonzero(np.isin(problem.options.step, at)):
        stock = stocks[labels.steps[problem.options.step[option]]]
        entries = np.flatnonzero(operations.entry_input == option)
        drawn = {operations.column_labels[operations.entry_column[e]][2]: operations.coefficient[e] for e in entries}
        assert set(drawn) == set(stock.index)
        for node, amount in drawn.items():
            need = operations.need[[label == ("disrupted", node) for label in operations.row_labels]].sum()
            assert amount[disrupted] == pytest.approx(stock[node] / 52 * need)
            assert not amount[~disrupted].any()
    many = build_problem(case, scenarios=40)
    agreed = [step for step in set(stated[stated["effect"] == "access"]["step"]) if step in labels.steps]
    at = np.flatnonzero(np.isin(many.options.step, [labels.steps.index(step) for step in agreed]))
    entries = np.isin(many.operations.entry_input, at)
    assert {many.operations.column_labels[c][:2] for c in many.operations.entry_column[entries]} == {
        ("disrupted", "buy")
    }
    assert many.operations.coefficient[entries].min() >= 0
    assert many.operations.coefficient[entries].max() > 0


def test_what_a_family_sells_its_variants_sell_in_the_year_as_well(case):
    chain = case.world.chain
    links, nodes = chain.links, chain.nodes
    own = (links["supplier"] == "chip_power_sic") & links["user"].str.startswith("use_")
    family = links[(links["supplier"] == "chip_dao") & links["user"].str.startswith("use_")]
    assert (family["essentiality"] == "critical").any(), "or this test says nothing"
    assert not (links[own]["essentiality"] == "critical").any()
    silent = Chain({**{name: chain.tables[name] for name in chain.tables}, "links": links[~own]}, chain.id, "changed")
    growth = {user: np.ones(1) for user in nodes[nodes["stage"] == "demand"]["node"] if user.startswith("use_")}
    options = list_options(case, None, OFFERS).frame
    before = build_chain_year(case, options, growth)
    after = build_chain_year(replace(case, world=replace(case.world, chain=silent)), options, growth)
    assert "join: chip_power_sic" in after.producers
    force = [year.force[year.nodes.index("chip_power_sic")] for year in (before, after)]
    need = [year.use[year.nodes.index("chip_power_sic")] for year in (before, after)]
    assert force[0].max() < force[1].max() == 1
    assert need[1].sum() > need[0].sum() > 0, "those to whom it is marginal do not need it"


def test_lead_times_count_late_licences_and_late_fabs_with_their_chance(case):
    futures = grow_tree(case)
    _, where = spread_years(futures, np.arange(2026, 2046))
    effects = read_effects(case, futures, where, ("JPN",))
    table = case.tables["branch_effects"].set_index(["effect", "branch"])["value"]
    reach = futures.mix["share"].loc[where[0]]
    assert effects.licence_lead == pytest.approx(sum(reach[b] * v for b, v in table["licence_lead"].items()))
    assert effects.front_end_delay == pytest.approx(sum(reach[b] * v for b, v in table["front_end_delay"].items()))
    assert effects.licence_lead > 1
    quick = {**case.tables}
    quick["branch_effects"] = case.tables["branch_effects"].query("effect not in ('licence_lead', 'front_end_delay')")
    plain = build_problem(replace(case, tables=quick), scenarios=0).options
    slow = build_problem(case, scenarios=0)
    later = slow.options.lead - plain.lead
    assert (later >= 0).all()
    fabs = (
        case.tables["steps"].set_index("step")["family"].reindex(slow.labels.steps).to_numpy()[plain.step]
        == "front_end"
    )
    assert (later[fabs] >= effects.front_end_delay - 1).all()
    assert later[fabs].max() >= 1


def test_a_lack_costs_a_user_what_the_stress_test_says(case):
    world = case.world
    links = world.chain.links

    def change(**tables):
        return replace(world, companions={**world.companions, **tables})

    pace = world.companions["pace"]
    bare = change(reach=world.companions["reach"].iloc[:0])
    known = float(world.companions["reach"].set_index(["supplier", "user"])["share"]["gallium", "fab_dao"])
    kind = links.set_index(["supplier", "user"])["essentiality"]["gallium", "fab_dao"]
    assert find_force(bare)["gallium", "fab_dao"] == {"critical": 1.0, "important": 0.5}[kind]
    assert find_force(world)["gallium", "fab_dao"] == known
    strict = change(pace=pace.assign(value=pace["value"].where(pace["parameter"] != "important_force", 1.0)))
    important = links.query("role == 'flow' and essentiality == 'important' and user == 'use_automotive'")
    for supplier in important["supplier"]:
        pair = supplier, "use_automotive"
        assert [find_force(other)[pair] for other in (world, strict)] == [0.5, 1.0]
    with pytest.raises(DataError, match="important_force"):
        find_force(change(pace=pace[pace["parameter"] != "important_force"]))


def test_output_counts_as_its_mean_over_the_lead_times_that_may_turn_out(case, problem):
    def sharpen(traits):
        mine = traits["trait"] == "lead_years"
        traits.loc[mine, "low"] = traits.loc[mine, "high"] = traits.loc[mine, "value"]
        return traits

    surely = edit(case, step_traits=sharpen)
    tables = dict(surely.tables.items())
    tables["branch_effects"] = tables["branch_effects"].query("effect not in ('licence_lead', 'front_end_delay')")
    sure = build_problem(replace(surely, tables=tables), scenarios=0)
    frame = list_options(surely, None, OFFERS).frame
    ages = np.arange(len(sure.tree.years))
    lead = (frame["lead_years"] * frame["lead_factor"]).to_numpy()
    plain = run_profiles(frame, lead, find_wear(surely, frame), ages)
    assert sure.options.run == pytest.approx(plain), "what surely takes so long runs from then on"
    options = problem.options
    assert (options.run[ages < options.lead[:, None]] == 0).all(), "nothing comes early"
    assert (options.run <= 1 + 1e-12).all()
    first = options.run[np.arange(len(options)), np.minimum(options.lead, ages[-1])]
    sharp = sure.options.run[np.arange(len(options)), np.minimum(sure.options.lead, ages[-1])]
    assert (first < sharp - 1e-9).mean() > 1 / 2, "of most steps some of the first output comes late"
    fabs = [o for o in range(len(options)) if problem.labels.steps[options.step[o]].startswith("fe_logic")]
    assert (options.run[fabs].sum(axis=1) < sure.options.run[fabs].sum(axis=1)).all(), "a late fab makes less in all"


def test_the_chances_of_late_leads_are_those_of_the_futures(case):
    futures = grow_tree(case)
    where = spread_years(futures, np.arange(2026, 2046))[1]
    effects = read_effects(case, futures, where, ("JPN",))
    for spread, mean in (
        (effects.licence_leads, effects.licence_lead),
        (effects.front_end_delays, effects.front_end_delay),
    ):
        chances, values = np.array(spread).T
        assert chances.sum() == pytest.approx(1)
        assert chances @ values == pytest.approx(mean)
        assert len(values) > 1
