"""Japan's earthquake of March 2011 in the world's input-output table of 2010: `python -m benchmarks.earthquake_2011`.

Prints the table of docs/model/stress-tables.md. It needs ../shared; a test holds the page to what comes out.
"""

from __future__ import annotations

import sys
from functools import cache

import numpy as np
import pandas as pd

from benchmarks.measure import find_shared
from pondasi.stress.pooled.industries import IndustryTable, close_table
from pondasi.stress.pooled.rules import PooledRules, load_rules
from pondasi.stress.pooled.run import run_pooled
from pondasi.stress.pooled.shocks import CapacityLoss, PooledShock, plan_rebuilding

HOME = "JPN"
MANUFACTURING = tuple(f"c{number}" for number in range(3, 17))
CARS, ELECTRONICS, CONSTRUCTION = "c15", "c14", "c18"
"""Transport equipment, electrical and optical equipment, construction."""

GDP, AREA_GDP = 512.5, 7.6 + 8.2 + 4.4
"""Trillion yen, 2010: Japan; Fukushima, Miyagi, Iwate. https://pmc.ncbi.nlm.nih.gov/articles/PMC5370211/table/T1"""
NORTH, NORTH_ELECTRONICS = 0.064, 0.15
"""Six prefectures of Tohoku: part of GDP, and of shipments of information and communications equipment.
https://jdarchive.org/api/item/1515950"""
DAMAGE = 16.9
"""Trillion yen, Cabinet Office, June 2011. http://www.reconstruction.go.jp/english/topics/2013/03/about-us-situation-overview.html"""
STOPPED = ((0, 1.0), (33, 0.36), (125, 0.10), (295, 0.0))
"""Days after 11 March, and part of the plants of the area at rest. The ministry's survey of 8 to 15 April: 64 % back, 90 %
by mid July (https://europe-solidaire.org/spip.php?article21237). That all stood still on the first day, and that the
last were back at the end of the year, is assumed."""
REBUILDING_DAYS = 365
"""Time constant of rebuilding, assumed."""
MONTHS = {"March (from 11)": (0, 21), "April": (21, 51), "May": (51, 82), "June": (82, 112)}
"""Days after 11 March."""
SHORT = 15
"""Days of stock, the low end of the rules' interval."""


@cache
def world_of_2010() -> IndustryTable:
    """Return the table of 41 economies and 35 industries, closed: output is what is sold."""
    with np.load(find_shared("data/wiod_2009_2011/wiod_2010.npz"), allow_pickle=True) as data:
        countries, industries = map(str, data["countries"]), list(map(str, data["industries"]))
        labels = pd.MultiIndex.from_product([list(countries), industries], names=["region", "sector"])
        Z, F = data["Z"].astype(float), data["F"].astype(float)
    users = labels.unique("region")
    final = pd.DataFrame(F.reshape(len(labels), len(users), -1).sum(axis=2), labels, users)
    return close_table(Z, final, labels)


def stop(lost: dict[str, float]) -> CapacityLoss:
    """Return the loss of capacity of home industries, by sector, along the profile of the survey."""
    places = [i for i, (place, sector) in enumerate(world_of_2010().labels) if place == HOME and sector in lost]
    size = np.array([lost[world_of_2010().labels[i][1]] for i in places])
    days, parts = zip(*STOPPED, strict=True)
    profile = np.interp(np.arange(days[-1]), days, parts)
    return CapacityLoss(np.array(places), profile[:, None] * size)


def rebuild(rules: PooledRules) -> PooledShock:
    """Return the damage, spread over home industries by their capital, and its rebuilding by construction."""
    table = world_of_2010()
    part = DAMAGE / (rules.capital_ratio * GDP)
    damage = {
        (place, sector): part * rules.capital_ratio * added
        for (place, sector), added in zip(table.labels, table.value_added, strict=True)
        if place == HOME and added > 0
    }
    event = plan_rebuilding(
        table, rules, damage, {CONSTRUCTION: 1.0}, start=0, duration=STOPPED[1][0], days=REBUILDING_DAYS
    )
    return PooledShock(rebuilding=(event,))


def cases() -> dict[str, tuple[PooledRules, PooledShock]]:
    """Return what is compared: rules and shock by name."""
    sectors = dict.fromkeys(world_of_2010().labels.get_level_values("sector"))
    north = stop({**dict.fromkeys(sectors, NORTH), ELECTRONICS: NORTH_ELECTRONICS})
    usual, short = load_rules(), load_rules(stock_days=SHORT)
    last = load_rules(stock_days=SHORT, tiers=(0, 0, 1))
    return {
        "three prefectures stop": (usual, PooledShock((stop(dict.fromkeys(sectors, AREA_GDP / GDP)),))),
        "six prefectures stop": (usual, PooledShock((north,))),
        f"six stop, stocks of {SHORT} days": (short, PooledShock((north,))),
        "capital is lost and rebuilt": (usual, rebuild(usual)),
        f"the same, stocks of {SHORT} days": (short, rebuild(short)),
        "the same, rebuilding served last": (last, rebuild(last)),
    }


def measure(rules: PooledRules, shock: PooledShock) -> dict[str, list[float]]:
    """Return output by group of industries and month, less 1: relative to the base."""
    table = world_of_2010()
    run = run_pooled(table, rules, [shock], max(end for _, end in MONTHS.values()))
    place, sector = (table.labels.get_level_values(name) for name in ("region", "sector"))
    groups = {
        "manufacturing": (place == HOME) & sector.isin(MANUFACTURING),
        "transport equipment": (place == HOME) & (sector == CARS),
    }
    return {
        name: [
            float(run.output[0, start:end][:, rows].sum() / (run.base[rows].sum() * (end - start)) - 1)
            for start, end in MONTHS.values()
        ]
        for name, rows in groups.items()
    }


def make_page() -> str:
    """Return the results as a table in Markdown."""
    rows = [f"| case | output of | {' | '.join(MONTHS)} |", f"| --- | --- |{' --- |' * len(MONTHS)}"]
    for case, (rules, shock) in cases().items():
        for group, values in measure(rules, shock).items():
            rows.append(f"| {case} | {group} | {' | '.join(f'{100 * value:+.1f} %' for value in values)} |")
    return "\n".join(rows)


if __name__ == "__main__":
    sys.stdout.write(make_page() + "\n")
