"""Pondasi: a planning engine for a national chip industry.

The names below are the public surface; each is loaded when it is first used, so that importing the
package costs little and opens nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pondasi.chain.coverage import count_grades, weigh_grades
    from pondasi.chain.flows import Flows, balance_flows
    from pondasi.chain.load import CheckReport, build_chain, check_pack, load_chain, load_world, save_chain
    from pondasi.chain.overlay import Overlay, lay_over, load_overlay
    from pondasi.chain.prior import read_prior
    from pondasi.chain.records import Chain, World
    from pondasi.chain.sample import sample_chains
    from pondasi.errors import BalanceError, DataError, PondasiError, Problem, UsageError
    from pondasi.facts import Figure
    from pondasi.plan.partners import PartnerValues, value_partners
    from pondasi.plan.solve import Plan, solve_plan
    from pondasi.position.complexity import measure_complexity
    from pondasi.position.concentration import measure_concentration
    from pondasi.position.dependence import measure_dependence
    from pondasi.position.exposure import Exposure, measure_exposure
    from pondasi.position.profile import Position, measure_position
    from pondasi.position.stability import RankStability, measure_stability
    from pondasi.position.upstreamness import measure_upstreamness
    from pondasi.report.brief import Brief, write_brief
    from pondasi.report.findings import Findings, gather_findings
    from pondasi.stress.assess import StressTest, run_stress_test
    from pondasi.stress.campaign import Campaign, run_campaign
    from pondasi.stress.shock_library import load_shock, load_shocks
    from pondasi.tables.excel_write import save_template
    from pondasi.words import Words

_HOMES = {
    "BalanceError": "errors",
    "Brief": "report.brief",
    "Campaign": "stress.campaign",
    "Chain": "chain.records",
    "CheckReport": "chain.load",
    "DataError": "errors",
    "Exposure": "position.exposure",
    "Figure": "facts",
    "Findings": "report.findings",
    "Flows": "chain.flows",
    "Overlay": "chain.overlay",
    "PartnerValues": "plan.partners",
    "Plan": "plan.solve",
    "PondasiError": "errors",
    "Position": "position.profile",
    "Problem": "errors",
    "RankStability": "position.stability",
    "StressTest": "stress.assess",
    "UsageError": "errors",
    "Words": "words",
    "World": "chain.records",
    "balance_flows": "chain.flows",
    "build_chain": "chain.load",
    "check_pack": "chain.load",
    "count_grades": "chain.coverage",
    "gather_findings": "report.findings",
    "lay_over": "chain.overlay",
    "load_chain": "chain.load",
    "load_overlay": "chain.overlay",
    "load_shock": "stress.shock_library",
    "load_shocks": "stress.shock_library",
    "load_world": "chain.load",
    "measure_complexity": "position.complexity",
    "measure_concentration": "position.concentration",
    "measure_dependence": "position.dependence",
    "measure_exposure": "position.exposure",
    "measure_position": "position.profile",
    "measure_stability": "position.stability",
    "measure_upstreamness": "position.upstreamness",
    "read_prior": "chain.prior",
    "run_campaign": "stress.campaign",
    "run_stress_test": "stress.assess",
    "sample_chains": "chain.sample",
    "save_chain": "chain.load",
    "save_template": "tables.excel_write",
    "solve_plan": "plan.solve",
    "value_partners": "plan.partners",
    "weigh_grades": "chain.coverage",
    "write_brief": "report.brief",
}

__all__ = [
    "BalanceError",
    "Brief",
    "Campaign",
    "Chain",
    "CheckReport",
    "DataError",
    "Exposure",
    "Figure",
    "Findings",
    "Flows",
    "Overlay",
    "PartnerValues",
    "Plan",
    "PondasiError",
    "Position",
    "Problem",
    "RankStability",
    "StressTest",
    "UsageError",
    "Words",
    "World",
    "balance_flows",
    "build_chain",
    "check_pack",
    "count_grades",
    "gather_findings",
    "lay_over",
    "load_chain",
    "load_overlay",
    "load_shock",
    "load_shocks",
    "load_world",
    "measure_complexity",
    "measure_concentration",
    "measure_dependence",
    "measure_exposure",
    "measure_position",
    "measure_stability",
    "measure_upstreamness",
    "read_prior",
    "run_campaign",
    "run_stress_test",
    "sample_chains",
    "save_chain",
    "save_template",
    "solve_plan",
    "value_partners",
    "weigh_grades",
    "write_brief",
]


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("pondasi")
    if name not in _HOMES:
        message = f"module 'pondasi' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"pondasi.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
