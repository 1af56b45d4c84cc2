"""Figures of the shipped cases that can be derived are derived again here from what the sources state."""

import pytest

from pondasi import load_world
from pondasi.plan.case import load_case

EUR, INR, SGD, JPY, THB, MYR = 1.08, 83.0, 1.35, 150.0, 35.0, 4.284
"""Dollars per euro; the others per dollar: mean rates of 2024, as the notes of the rows state them."""
CRORE = 1e7
HOURS, WAGE_KINDS = 8760, ("design_engineers", "process_engineers", "technicians", "researchers")
ROUNDING = 0.02
"""Capital costs are given to two or three digits."""

CAPITAL = {
    # step: lower and upper end that the plants of its sources give, USD
    "fe_logic_65_110": (7.8e9 / 55_000 * 40_000, 91_000 * CRORE / INR / 50_000 * 40_000),
    "fe_logic_28_40": (8.6e9 / 55_000 * 30_000, 10e9 * 1.09 / 40_000 * 30_000),
    "fe_specialty_power": (4_000 * CRORE / INR, 4_000 * CRORE / INR),
    "fe_mask_shop": (110e6, 160e6),
    "be_wirebond_osat": (3_307 * CRORE / INR, 3_307 * CRORE / INR),
    "be_flipchip_osat": (600e6, 7_600 * CRORE / INR),
    "be_advanced_packaging": (520e6, 2e9),
    "be_test_centre": (65e6 * EUR, 350e6 * EUR),
    "mat_mgsi": (300e6, 300e6),
    "mat_silica_hpq": (140e6, 250e6),
    "mat_poly_eg": (435e6, 435e6),
    "rnd_pilot_line_power": (60e6 / SGD, 123e6 / SGD),
    "tal_teaching_cleanroom": (25e6, 35.5e6),
}
OUTPUT = {
    "fe_logic_65_110": (40_000 * 12 * 2_000, 40_000 * 12 * 2_500),
    "fe_logic_28_40": (30_000 * 12 * 3_000, 30_000 * 12 * 4_000),
    "be_wirebond_osat": (6.3e6 * 365 * 0.85 * 0.08, 6.3e6 * 365 * 0.85 * 0.14),
    "mat_mgsi": (32_000 * 1_298, 32_000 * 2_933),
}
MALAYSIA = {
    "fe_analog_200": (3e9 / MYR, 3e9 / MYR),
    "fe_sic_large": (2e9 * EUR, 2e9 * EUR),
    "mat_substrate_abf": (1e9 * EUR, 1.7e9 * EUR),
    "be_test_centre": (65e6 * EUR, 350e6 * EUR),
    "en_venture_fund": (550e6 / MYR, 550e6 / MYR),
    "mat_poly_eg": (435e6, 435e6),
}


@pytest.fixture(scope="module")
def cases():
    world = load_world()
    return {country: load_case(country, world) for country in ("IDN", "MYS")}


def holds(row, low: float, high: float) -> bool:
    """Tell whether the value lies between what the sources give, and the interval covers both ends."""
    inside = low * (1 - ROUNDING) <= row["value"] <= high * (1 + ROUNDING)
    return inside and row["low"] <= low * (1 + ROUNDING) and high * (1 - ROUNDING) <= row["high"]


@pytest.mark.parametrize("step", CAPITAL)
def test_capital_costs_are_those_of_the_plants_cited(cases, step):
    assert holds(cases["IDN"].frame("step_costs").loc[(step, "capex")], *CAPITAL[step])


@pytest.mark.parametrize("step", MALAYSIA)
def test_capital_costs_of_the_second_country_are_its_own(cases, step):
    assert holds(cases["MYS"].frame("step_costs").loc[(step, "capex")], *MALAYSIA[step])


@pytest.mark.parametrize("step", OUTPUT)
def test_output_is_volume_times_price(cases, step):
    nodes = cases["IDN"].frame("step_nodes").xs("capacity", level="effect")
    assert holds(nodes.loc[step].iloc[0], *OUTPUT[step])


def test_a_plant_earns_what_plants_earn(cases):
    """EBITDA of listed makers lies between 5 and 50 % of sales; research lines and open prototyping lose money."""
    for case in cases.values():
        nodes = case.frame("step_nodes").xs("capacity", level="effect").reset_index("node")
        opex = case.frame("step_costs").xs("opex", level="kind")["value"]
        family = case.frame("steps")["family"]
        for step, output in nodes["value"].items():
            if family[step] != "research":
                assert 0.05 <= 1 - opex[step] / output <= 0.5, step


def test_wages_power_and_bought_inputs_fit_into_the_running_cost(cases):
    for case in cases.values():
        parameters = case.frame("parameters")["value"]
        costs = case.frame("step_costs")["value"]
        needs = case.frame("step_needs")["value"]
        price = parameters["power_price"] * 1000 * HOURS * parameters["load_factor"]
        for step, kind in costs.index:
            if kind == "inputs":
                people = sum(
                    needs.get((step, skill, "operation"), 0) * parameters[f"wage_{skill}"] for skill in WAGE_KINDS
                )
                power = needs.get((step, "power", "operation"), 0) * price
                assert people + power + costs[step, "inputs"] <= costs[step, "opex"] * (1 + ROUNDING), step


def test_one_module_is_no_larger_than_a_large_maker(cases):
    for case in cases.values():
        market = case.world.chain.nodes.set_index("node")["market_usd"]
        for (_, node, effect), value in case.frame("step_nodes")["value"].items():
            if effect == "capacity":
                assert value < 0.25 * market[node], node


def test_a_partner_who_builds_a_plant_has_firms_in_the_trade(cases):
    """Of the plants, one option rests on a licence instead: the SiC process that a Korean firm sold to Thailand."""
    for case in cases.values():
        shares = case.world.chain.shares
        held = set(zip(*(shares[shares["basis"] == "control"][name] for name in ("node", "country")), strict=True))
        nodes = case.frame("step_nodes").xs("capacity", level="effect").reset_index("node")["node"]
        family = case.frame("steps")["family"]
        for step, partner in case.options.index:
            if step in nodes and partner != case.country and family[step] in {"materials", "back_end", "front_end"}:
                assert (nodes[step], partner) in held | {("fab_sic", "KOR")}, (step, partner)


def test_money_of_partners_adds_up_to_the_one_sum_that_was_split(cases):
    totals = {"IDN": {2026: 8e6, 2032: 55e6, 2044: 88e6}, "MYS": {2026: 20e6, 2032: 44e6}}
    for country, years in totals.items():
        budgets = cases[country].tables["budgets"].query("funder == 'partner'").groupby("year")["value"].sum()
        for year, total in years.items():
            assert budgets[year] == pytest.approx(total, rel=ROUNDING)
