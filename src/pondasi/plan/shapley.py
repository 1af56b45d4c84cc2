"""The Shapley value of a game whose values are known within intervals only.

The value of player m is its mean contribution over all orders in which players may join (Shapley 1953,
doi:10.1515/9781400881970-018), with P players (plan.62)::

    phi_m = sum over S without m of |S|! (P - |S| - 1)! / P! (v(S + m) - v(S))

It is linear in v. So where v is an interval that never falls as players join, the least and the largest ``phi_m``,
and of every other sum of values, are linear programmes over all such v (plan.63): no wider than what is known
allows, and much narrower than the ends of every difference put together.
"""

from __future__ import annotations

from itertools import pairwise
from math import factorial
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse, stats

from pondasi.solver import Programme

if TYPE_CHECKING:
    from collections.abc import Callable

    from pondasi.plan.problem import Matrix, Vector, Whole

PAIR = 2
"""An order and its reverse; and as many pairs as an error can be told from."""


def weigh_coalitions(players: int) -> Matrix:
    """Return the weight of every coalition's value in the Shapley value of each player, shape (P, 2^P) (plan.62).

    Coalitions are numbered by their members as bits.

    Example
    -------
    >>> weigh_coalitions(2).tolist()
    [[-0.5, 0.5, -0.5, 0.5], [-0.5, -0.5, 0.5, 0.5]]
    """
    masks = np.arange(1 << players)
    size = np.bitwise_count(masks).astype(int)
    table = np.zeros((players, len(masks)))
    joined = np.array([factorial(max(s - 1, 0)) * factorial(players - s) for s in range(players + 1)])
    left = np.array([factorial(s) * factorial(max(players - s - 1, 0)) for s in range(players + 1)])
    for m in range(players):
        there = (masks >> m & 1).astype(bool)
        table[m] = np.where(there, joined[size], -left[size]) / factorial(players)
    return table


class Game:
    """All values that agree with what is known: within the ends, and never falling as players join (plan.63).

    Parameters
    ----------
    low, high
        Ends of the value of every coalition, shape (2^P,), finite.

    Example
    -------
    >>> game = Game(np.array([0.0, 0.0, 1.0, 2.0]), np.array([0.0, 1.0, 1.0, 2.0]))
    >>> [round(end, 6) for end in game.span(weigh_coalitions(2)[0])]
    [0.5, 1.0]
    """

    def __init__(self, low: Vector, high: Vector) -> None:
        players = len(low).bit_length() - 1
        masks = np.arange(len(low))
        pairs = [(s, s | 1 << m) for m in range(players) for s in masks[(masks >> m & 1) == 0].tolist()]
        below, above = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
        rows = np.arange(len(pairs))
        matrix = sparse.csr_array(
            sparse.coo_array(
                (np.repeat([1.0, -1.0], len(pairs)), (np.tile(rows, 2), np.concatenate([above, below]))),
                shape=(len(pairs), len(low)),
            )
        )
        self.low, self.high = low, high
        self.programme = Programme(
            np.zeros(len(low)), low, high, matrix, np.zeros(len(pairs)), np.full(len(pairs), np.inf)
        )

    def least(self, weights: Vector) -> float:
        """Return the least of ``weights @ v``, weights of shape (2^P,)."""
        self.programme.set_cost(weights)
        return self.programme.solve().objective

    def span(self, weights: Vector) -> tuple[float, float]:
        """Return the least and the largest of ``weights @ v``."""
        return self.least(weights), -self.least(-weights)

    def separates(self, weights: Matrix) -> bool:
        """Tell whether players are in one order whatever the values, weights of shape (P, 2^P)."""
        order = np.argsort(-(weights @ (self.low + self.high)), kind="stable")
        return all(self.least(weights[first] - weights[second]) >= 0 for first, second in pairwise(order))


def sample_orders(
    players: int,
    bound: Callable[[Whole], tuple[Vector, Vector]],
    orders: int,
    seed: int,
    confidence: float,
    reach: Callable[[int], bool],
) -> tuple[Matrix, int]:
    """Return Shapley values from random orders of joining, for games too large to be written out (plan.64).

    Sampling of orders: Castro, Gomez and Tejada 2009, doi:10.1016/j.cor.2008.04.004. Here every order is followed by its
    reverse, which takes out the part of the error that is odd in the order. The interval adds the error of the sample, by
    Student's t over the pairs, to what is not known of each contribution.

    Parameters
    ----------
    bound
        Ends of the values of coalitions.
    orders
        Pairs of orders at most.
    reach
        Sees to it that a coalition is known; False if time has run out.

    Returns
    -------
    Middle, low and high of every player, shape (3, P); and how many pairs were drawn.
    """
    draws = np.random.default_rng(seed)
    middles: list[Vector] = []
    widths: list[Vector] = []
    for _ in range(orders):
        order = draws.permutation(players)
        both = []
        for path in (order, order[::-1]):
            masks = np.concatenate([[0], np.cumsum(1 << path)]).astype(np.intp)
            if not all(reach(int(mask)) for mask in masks):
                break
            low, high = bound(masks)
            part = np.zeros((2, players))
            part[0, path] = np.maximum(low[1:] - high[:-1], 0.0)
            part[1, path] = high[1:] - low[:-1]
            both.append(part)
        if len(both) < PAIR:
            break
        ends = np.mean(both, axis=0)
        middles.append(ends.mean(axis=0))
        widths.append((ends[1] - ends[0]) / 2)
    number = len(middles)
    if number < PAIR:
        low, high = bound(np.array([0, (1 << players) - 1], dtype=np.intp))
        most = np.full(players, float(high[1] - low[0]))
        return np.array([most / players, np.zeros(players), most]), number
    middle, width = np.mean(middles, axis=0), np.mean(widths, axis=0)
    error = stats.t.ppf((1 + confidence) / 2, number - 1) * np.std(middles, axis=0, ddof=1) / np.sqrt(number)
    return np.array([middle, np.maximum(middle - error - width, 0.0), middle + error + width]), number
