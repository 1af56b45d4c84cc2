"""A small valid case of a plan, as rows that a test may change, on the small chain of the tables' tests."""

import csv
from copy import deepcopy
from pathlib import Path
from typing import Any

from pondasi.tables.dictionary import load_dictionary

Rows = dict[str, list[dict[str, Any]]]
HEAD = {"id": "small", "kind": "case", "country": "IDN", "version": "2026.1", "locale": "machine"}
FIRST, YEARS = 2026, 3
GROWTH = {"low": 1.1, "high": 1.4}


def small_rows() -> Rows:
    """Return the valid case afresh."""
    return deepcopy(_ROWS)


def write_case(folder: Path, rows: Rows, head: dict[str, str] = HEAD) -> Path:
    """Write a case as a folder of CSV files."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = load_dictionary().tables
    for name, found in rows.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(columns[name]), restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(found)
    (folder / "pack.toml").write_text("".join(f'{key} = "{value}"\n' for key, value in head.items()), encoding="utf-8")
    return folder


def row_of(rows: Rows, table: str, **keys: object) -> dict[str, Any]:
    """Return the one row with these cells."""
    (found,) = [row for row in rows[table] if all(row.get(name) == value for name, value in keys.items())]
    return found


def _figure(table: str, value: float, **cells: object) -> dict[str, Any]:
    columns = load_dictionary().tables[table]
    year = {"year": 2025} if "year" in columns and "year" not in cells else {}
    ends = {"low": value, "high": value} if "low" in columns else {}
    return {"value": value, **ends, **year, **_graded(), **cells}


def _graded() -> dict[str, str]:
    return {"grade": "assumed", "source": "judgement"}


def _named(column: str = "name") -> dict[str, str]:
    return {f"{column}_en": "name", f"{column}_id": "nama", f"{column}_ja": "名称"}


def _step(name: str, **cells: object) -> dict[str, Any]:
    fixed = {"pillar": "back_end", "family": "back_end", "logic": "output", "earliest_start": FIRST, "status": "none"}
    return {"step": name, **fixed, **_named(), **_named("description"), **_graded(), **cells}


def _build() -> Rows:
    steps = ("office", "plant", "rival", "school")
    traits = {"lead_years": (1, "years"), "ramp_years": (2, "years"), "least_scale": (0.5, "fraction")}
    traits |= {"modules_max": (2, "count"), "success_build": (0.8, "fraction"), "success_market": (0.5, "fraction")}
    years = range(FIRST, FIRST + YEARS)
    rows: Rows = {
        "steps": [
            _step("office", pillar="enabler", family="policy_supply", logic="input"),
            _step("plant", before="office", beside="school", excludes="rival", readiness="land"),
            _step("rival", before="office", excludes="plant", deadline=FIRST + 1),
            _step("school", family="talent", status="committed", committed_start=FIRST, committed_modules=1),
        ],
        "step_traits": [
            _figure("step_traits", value, step=step, trait=trait, unit=unit)
            for step in steps
            for trait, (value, unit) in traits.items()
        ],
        "step_costs": [
            *(_figure("step_costs", 9e6, step=step, kind="opex", unit="USD/year", profile="run") for step in steps),
            _figure("step_costs", 5e7, step="plant", kind="capex", unit="USD", profile="build"),
            _figure("step_costs", 4e6, step="plant", kind="inputs", unit="USD/year"),
        ],
        "cost_profiles": [
            {"profile": name, "age": age, "kind": kind, "share": share, "low": share, "high": share, **_graded()}
            for name, kind, shares in (("build", "capex", (0.4, 0.6)), ("run", "opex", (0.5, 1)))
            for age, share in enumerate(shares)
        ],
        "step_nodes": [
            _figure("step_nodes", 2e7, step="plant", node="chip_mcu", effect="capacity", unit="USD/year"),
            _figure("step_nodes", 0.2, step="office", node="chip_logic", effect="access", unit="fraction"),
        ],
        "step_needs": [
            _figure("step_needs", 30, step="plant", need="technicians", phase="operation", unit="persons"),
            _figure("step_needs", 4, step="plant", need="power", phase="operation", unit="MW"),
        ],
        "step_training": [
            _figure("step_training", 40, step="school", skill="technicians")
            | {"lag_years": 2, "lag_low": 1, "lag_high": 3}
        ],
        "step_knowledge": [
            _figure("step_knowledge", 0.05, step="plant", domain="packaging", role="gain", unit="fraction/year"),
            _figure("step_knowledge", 0.8, step="rival", domain="packaging", role="threshold", unit="log"),
        ],
        "step_funding": [
            {"step": step, "funder": "state", "share": 1, "low": 0.5, "high": 1, **_graded()} for step in steps
        ],
        "step_partners": [
            {
                "step": step,
                "partner": partner,
                "licence": "no",
                "export_control": "no",
                "subsidy_rule": "no",
                **_graded(),
            }
            for step in steps
            for partner in ("IDN", "JPN")
        ],
        "partners": [
            {"partner": "JPN", "kept": 0.8, "kept_low": 0.7, "kept_high": 0.9, **_graded()}
            | {**_named("seeks"), **_named("agreements"), **_named("control")}
        ],
        "partner_terms": [
            {"partner": partner, "family": family, **_named("brings"), **_graded()}
            | {"cost_factor": 1, "cost_low": 1, "cost_high": 1, "lead_factor": 1, "lead_low": 1, "lead_high": 1}
            | {"success_factor": 1.5, "success_low": 1, "success_high": 2}
            | {"finance_share": 0.3, "finance_low": 0.1, "finance_high": 0.5}
            for partner in ("IDN", "JPN")
            for family in ("policy_supply", "back_end", "talent")
        ],
        "funders": [
            {"funder": "state", "kind": "state", **_named(), "carry_over": "no", **_graded()},
            {"funder": "aid", "kind": "partner", **_named(), "carry_over": "no", **_graded()},
        ],
        "budgets": [
            _figure("budgets", 1e8, funder=funder, partner=partner, year=year)
            for funder, partner in (("state", ""), ("aid", "JPN"))
            for year in years
        ],
        "talent": [
            _figure("talent", 100, skill="technicians", quantity="stock", year=FIRST, unit="persons"),
            *(
                _figure("talent", 10, skill="technicians", quantity="inflow", year=year, unit="persons/year")
                for year in years
            ),
            _figure("talent", 0.1, skill="technicians", quantity="attrition", year=FIRST, unit="fraction/year"),
        ],
        "limits": [_figure("limits", 50, limit="power", year=year, unit="MW") for year in years],
        "knowledge": [_figure("knowledge", 1, domain="packaging", quantity="start", unit="log")],
        "demand_paths": [
            _figure("demand_paths", value, node="use_auto", branch=branch, year=year)
            for branch, growth in GROWTH.items()
            for year, value in ((2025, 1), (2030, growth))
        ],
        "branches": [
            {"branch": branch, "variable": variable, **_named(), **_graded()}
            for branch, variable in (
                ("low", "demand"),
                ("high", "demand"),
                ("kept", "commitment"),
                ("left", "commitment"),
            )
        ],
        "branch_effects": [
            _figure("branch_effects", 1, branch="kept", effect="partner_money", unit="fraction", year=""),
            _figure(
                "branch_effects", 0.5, branch="left", effect="partner_money", unit="fraction", year="", partner="JPN"
            ),
        ],
        "futures": [
            {"future": "now", "year": FIRST, "probability": 1, "low": 1, "high": 1, **_graded()},
            *(
                {"future": branch, "parent": "now", "year": 2027, "branch": branch, "probability": chance, **_graded()}
                | {"low": 0.1, "high": 0.9}
                for branch, chance in (("low", 0.4), ("high", 0.6))
            ),
            *(
                {"future": f"{parent}_{branch}", "parent": parent, "year": 2028, "branch": branch, **_graded()}
                | {"probability": chance, "low": 0.1, "high": 0.9, "group": group}
                for parent in ("low", "high")
                for branch, chance, group in (("kept", 0.7, "together"), ("left", 0.3, "alone"))
            ),
        ],
        "future_groups": [{"group": group, **_named()} for group in ("together", "alone")],
        "node_terms": [_figure("node_terms", 0.9, node="chip_mcu", term="border_price", unit="fraction")],
        "parameters": [
            _figure("parameters", value, parameter=parameter, unit=unit)
            for parameter, value, unit in (
                ("start_year", FIRST, "year"),
                ("horizon_years", YEARS, "count"),
                ("real_discount_rate", 0.06, "fraction/year"),
                ("alpha", 0.9, "fraction"),
                ("lambda", 0.5, "fraction"),
            )
        ],
        "readiness": [{"criterion": "land", **_named(), **_graded()}],
        "targets": [
            {
                "target": name,
                "pillar": "enabler",
                **_named(),
                "year": FIRST + 2,
                "futures": futures,
                **cells,
                **_graded(),
            }
            for name, futures, cells in (
                ("people", "each", {"measure": "trained", "subject": "technicians", "value": 30, "unit": "persons"}),
                ("plants", "mean", {"measure": "standing", "subject": "plant|rival", "value": 1, "unit": "count"}),
                ("sales", "each", {"measure": "output", "subject": "chip_mcu", "value": 1e6, "unit": "USD/year"}),
            )
        ],
    }
    for row in rows["cost_profiles"] + rows["step_funding"] + rows["partners"] + rows["partner_terms"]:
        row["year"] = 2025
    return rows


_ROWS = _build()
