"""On whom does a country's chip use depend, over all tiers (position.2 to position.8)?

For home country h, d are the chips that its user industries buy, and ``x = (I - A)^-1 d`` is all that
has to be made for them: chips, wafers, packaging, materials, service of tools. *Supply exposure* to
country c is c's part of x: what is looked through is production wherever it happens, and not only the
last seller (Baldwin, Freeman and Theodorakopoulos 2022, doi:10.3386/w30525, who show why the direct
figure hides most of it). It counts gross production, as they do, since a stop of production is what
hurts; a small value at an early tier can stop all that follows, so the exposure by node is given too.

More figures are given beside it and never added to it. *Direct* (position.3): the makers of the chips as
bought, the first tier only. *Tools* (position.4): the new tools that this production buys in a year, by
place of making. *Permission* (position.5): the rights and designs it needs, over all tiers, by head
office of their owner. *Control* (position.6): the production itself, by head office of the maker. *Value*
(position.7): the chip bill, by where its value is created; rights are part of the bill, so design counts
where it is done.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy import sparse

from pondasi.chain.accounts import account_nodes
from pondasi.chain.flows import balance_flows, divide_columns
from pondasi.chain.sample import prepare_draws
from pondasi.chain.shares import list_places, locate, tabulate_shares
from pondasi.errors import BalanceError, UsageError
from pondasi.executor import Serial
from pondasi.places import ROW, UNKNOWN
from pondasi.position.bands import band
from pondasi.position.requirements import solve_requirements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pondasi.chain.flows import Flows, Prior
    from pondasi.chain.records import Chain
    from pondasi.chain.sample import Sampler
    from pondasi.chain.shares import Basis
    from pondasi.executor import Executor

    Kind = Literal["supply", "tools", "permission", "control", "value"]
    _Drawn = tuple[NDArray[np.float64], NDArray[np.float64]]

KINDS: tuple[Kind, ...] = ("supply", "tools", "permission", "control", "value")


@dataclass(frozen=True, eq=False)
class Exposure:
    """The exposure of one or more home countries.

    Parameters
    ----------
    by_country
        Index (home, kind, country); columns share [fraction of what the kind counts], value [USD/year],
        direct (for supply: the country's part of the chips as bought; share less direct is what lies
        behind the sellers, of either sign), and low, high of the share where draws were made. The home
        country itself is in it: foreign exposure is the rest.
    by_node
        Index (home, node, country); columns value [USD/year] and share [fraction of the node], for
        supply.
    use
        Chips that each home country uses [USD/year], index (home, node).
    draws
        How many drawn chains the band rests on; 0 for none.
    drawn
        The share in every draw: index as ``by_country``, a column per draw. What rankings are tested on.
    drawn_use
        The chip use in every draw [USD/year]: index home, a column per draw.
    """

    by_country: pd.DataFrame = field(repr=False)
    by_node: pd.DataFrame = field(repr=False)
    use: pd.Series = field(repr=False)
    draws: int = 0
    drawn: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    drawn_use: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)

    def of(self, home: str, kind: Kind = "supply") -> pd.DataFrame:
        """Return the exposure of one home country, largest first; no rows where there is nothing of the kind."""
        return self._pick(self.by_country, home, kind).sort_values("share", ascending=False)

    def drawn_of(self, home: str, kind: Kind = "supply") -> pd.DataFrame:
        """Return the shares of one home country in every draw: index country, a column per draw."""
        return self._pick(self.drawn, home, kind)

    def _pick(self, table: pd.DataFrame, home: str, kind: Kind) -> pd.DataFrame:
        if home not in table.index.get_level_values("home"):
            raise UsageError("country_not_measured", country=home)
        here = (table.index.get_level_values("home") == home) & (table.index.get_level_values("kind") == kind)
        return table[here].droplevel(["home", "kind"])


def measure_exposure(
    chain: Chain,
    homes: Sequence[str] | str | None = None,
    *,
    draws: int = 0,
    seed: int = 0,
    flows: Flows | None = None,
    executor: Executor | None = None,
) -> Exposure:
    """Return the exposure of home countries to all countries, over all tiers.

    Parameters
    ----------
    chain
        A checked chain.
    homes
        One country code or several; by default every country that uses chips.
    draws
        Chains drawn from the intervals of the figures; they give low and high (one tenth and nine
        tenths of the draws lie below).
    seed
        Seed of the draws.
    flows
        Balanced flows of the chain, if they are at hand or were balanced with a prior; the drawn chains
        are then balanced in the same way. Draws that contradict its closed routes are left out.
    executor
        Where the draws are measured; here by default. The figures do not depend on it.

    Raises
    ------
    UsageError
        If a home country is not in the chain or uses no chips.
    BalanceError
        If every draw contradicts the closed routes.

    Example
    -------
    >>> from pondasi import load_chain
    >>> exposure = measure_exposure(load_chain(), ["IDN"])
    >>> round(float(exposure.of("IDN")["share"].sum()), 9)
    1.0
    """
    flows = balance_flows(chain) if flows is None else flows
    places = list_places(chain)
    wanted = _check_homes(chain, flows, homes)
    system = _look_at_labels(chain, flows, places, wanted)
    central, needed = _measure(system)
    table = _tabulate({"share": _part(central), "value": central}, places, wanted)
    table["direct"] = _tabulate({"direct": _part(system.made @ system.use)[None]}, places, wanted)
    found = _measure_draws(_Draw(prepare_draws(chain, seed), flows.prior, flows.basis, places, wanted), draws, executor)
    parts, uses = [part for part, _ in found], [use for _, use in found]
    if parts:
        low, high = band(_part(central), np.stack(parts))
        table[["low", "high"]] = _tabulate({"low": low, "high": high}, places, wanted)
    table = table[(table.drop(columns="direct") > 0).any(axis=1)]
    every = _tabulate({str(number): one for number, one in enumerate(parts)}, places, wanted) if parts else table[[]]
    every = every.reindex(table.index).set_axis(range(len(parts)), axis=1)
    by_node = _spread(flows.labels, needed, wanted).rename("value").to_frame()
    by_node["share"] = by_node["value"] / by_node.groupby(["home", "node"])["value"].transform("sum")
    use = _spread(flows.labels, system.use, wanted).groupby(["home", "node"]).sum()
    bills = np.array(uses).reshape(len(uses), len(wanted)).T
    return Exposure(table, by_node, use, len(parts), every, pd.DataFrame(bills, pd.Index(wanted, name="home")))


def trace_use(flows: Flows, homes: Sequence[str]) -> NDArray[np.float64]:
    """Return what the user industries of each home country buy, shape (labels, homes) [USD/year]."""
    nodes, countries = (flows.labels.get_level_values(level) for level in ("node", "country"))
    user = np.asarray(nodes.isin(flows.users))[:, None]
    there = countries.to_numpy(dtype=object)[:, None] == np.array(homes, dtype=object)
    return np.asarray(flows.Z @ (user & there).astype(float))


@dataclass(frozen=True, eq=False)
class _System:
    """A chain as the measures see it: n suppliers, or n nodes with the countries of each.

    Parameters
    ----------
    flow, licence, capital
        Shape (n, n) [USD/year].
    output
        Shape (n,) [USD/year].
    use
        Chips bought by each home country, shape (n, homes) [USD/year].
    made, owned
        Where each is made, and where its maker has its head office, shape (places, n); columns add up
        to one.
    acyclic
        Whether suppliers stand before users.
    """

    flow: sparse.csr_array
    licence: sparse.csr_array
    capital: sparse.csr_array
    output: NDArray[np.float64]
    use: NDArray[np.float64]
    made: sparse.csr_array
    owned: sparse.csr_array
    acyclic: bool


def _look_at_labels(chain: Chain, flows: Flows, places: tuple[str, ...], homes: tuple[str, ...]) -> _System:
    """Return balanced flows as a system of suppliers."""
    place = locate(flows.labels.get_level_values("country"), places)
    n = len(place)
    made = sparse.csr_array((np.ones(n), (place, np.arange(n))), shape=(len(places), n))
    node = locate(flows.labels.get_level_values("node"), chain.nodes["node"].tolist())
    owned = sparse.csr_array(tabulate_shares(chain, "control", places)[node].T)
    use = trace_use(flows, homes)
    return _System(flows.Z, flows.licence, flows.capital, flows.output, use, made, owned, flows.acyclic)


def _look_at_nodes(chain: Chain, places: tuple[str, ...], homes: tuple[str, ...]) -> _System:
    """Return a chain as a system of nodes: exact where no prior tells users' suppliers apart (position.8)."""
    accounts = account_nodes(chain)
    order = locate(accounts.nodes, chain.nodes["node"].tolist())
    made, owned = (tabulate_shares(chain, basis, places)[order] for basis in ("location", "control"))
    user = np.array([node in accounts.users for node in accounts.nodes], dtype=bool)
    bought = user[:, None] * made[:, [places.index(home) for home in homes]]
    flow, licence, capital = (accounts.sales[role] for role in ("flow", "licence", "capital"))
    countries = sparse.csr_array(made.T), sparse.csr_array(owned.T)
    return _System(flow, licence, capital, accounts.output, flow @ bought, *countries, accounts.acyclic)


@dataclass(frozen=True, eq=False)
class _Draw:
    """Measures one drawn chain, balanced as the central one was."""

    sampler: Sampler
    prior: Prior | None
    basis: Basis
    places: tuple[str, ...]
    homes: tuple[str, ...]

    def __call__(self, number: int) -> _Drawn | BalanceError:
        """Return the shares and the chip use of draw ``number``, or why it has no balance."""
        drawn = self.sampler.draw(number)
        if self.prior is None and self.basis == "location":
            system = _look_at_nodes(drawn, self.places, self.homes)
        else:
            try:
                flows = balance_flows(drawn, self.prior, self.basis)
            except BalanceError as error:
                return error
            system = _look_at_labels(drawn, flows, self.places, self.homes)
        return _part(_measure(system)[0]), system.use.sum(axis=0)


def _measure_draws(measure: _Draw, draws: int, executor: Executor | None) -> list[_Drawn]:
    """Return what was measured on each draw; draws that have no balance are left out, unless all of them are."""
    with Serial() if executor is None else nullcontext(executor) as workers:
        found = workers.map(measure, range(draws))
    balanced = [one for one in found if not isinstance(one, BalanceError)]
    if not balanced and found and isinstance(found[-1], BalanceError):
        raise found[-1]
    return balanced


def _measure(system: _System) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what each kind counts, shape (kinds, places, homes), and x, shape (n, homes) [USD/year]."""
    A = divide_columns(system.flow, system.output)
    L = divide_columns(system.licence, system.output)
    x = solve_requirements(A, system.use, acyclic=system.acyclic)
    tools = divide_columns(system.capital, system.output) @ x
    closed = 1 / np.maximum(np.asarray((A + L).sum(axis=0)).ravel(), 1.0)
    B, L = (sparse.csr_array(matrix @ sparse.diags_array(closed)) for matrix in (A + L, L))
    y = solve_requirements(B, system.use, acyclic=system.acyclic)
    value = np.maximum(1 - np.asarray(B.sum(axis=0)).ravel(), 0.0)[:, None] * y
    made, owned = system.made, system.owned
    return np.stack([made @ x, made @ tools, owned @ (L @ y), owned @ x, made @ value]), x


def _part(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return parts of the whole over places, shape (..., places, homes); zero where there is nothing."""
    total = values.sum(axis=-2, keepdims=True)
    parts: NDArray[np.float64] = np.divide(values, total, out=np.zeros_like(values), where=total > 0)
    return parts


def _tabulate(columns: dict[str, NDArray[np.float64]], places: tuple[str, ...], homes: tuple[str, ...]) -> pd.DataFrame:
    """Return arrays of shape (kinds, places, homes) as columns, index (home, kind, country)."""
    kinds = KINDS[: len(next(iter(columns.values())))]
    index = pd.MultiIndex.from_product([homes, kinds, places], names=["home", "kind", "country"])
    return pd.DataFrame({name: array.transpose(2, 0, 1).ravel() for name, array in columns.items()}, index).sort_index()


def _spread(labels: pd.MultiIndex, values: NDArray[np.float64], homes: tuple[str, ...]) -> pd.Series:
    label, home = np.nonzero(values)
    nodes, countries = (labels.get_level_values(level)[label] for level in ("node", "country"))
    names = np.array(homes, dtype=object)[home]
    index = pd.MultiIndex.from_arrays([names, nodes, countries], names=["home", "node", "country"])
    return pd.Series(values[label, home], index)


def _check_homes(chain: Chain, flows: Flows, homes: Sequence[str] | str | None) -> tuple[str, ...]:
    nodes, countries = (flows.labels.get_level_values(level) for level in ("node", "country"))
    bought = np.asarray(flows.Z.sum(axis=0)).ravel() > 0
    using = set(countries[np.asarray(nodes.isin(flows.users)) & bought]) - {ROW, UNKNOWN}
    if homes is None:
        return tuple(sorted(using))
    homes = (homes,) if isinstance(homes, str) else homes
    present = set(chain.shares["country"])
    for home in homes:
        if home not in present:
            raise UsageError("country_absent", country=home)
        if home not in using:
            raise UsageError("country_without_use", country=home)
    return tuple(dict.fromkeys(homes))
