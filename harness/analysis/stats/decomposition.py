"""The ratio of two targets as a product of ratios, of which each is that of one difference.

A ratio is that of two totals, so over the same rounds the product of the factors is the
ratio itself: log(a/d) = log(a/b) + log(b/c) + log(c/d). It misses by rounds that one pair has a ratio of and another
has not, as a slice of one of its targets was held up.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from harness.model.measures import Comparison, Decomposed
from harness.model.plan import Decomposition


def decomposed(known: Decomposition, comparisons: Sequence[Comparison]) -> Iterator[Decomposed]:
    """Put the ratio of each row and metric beside its factors; one of which a factor is missing is left out."""
    found = {(c.scenario, c.added_ms, c.metric, c.first, c.second): c for c in comparisons}
    for whole in (c for c in comparisons if (c.first, c.second) == known.whole):
        row = whole.scenario, whole.added_ms, whole.metric
        factors = [c for one in known.factors if (c := found.get((*row, one.first, one.second)))]
        if len(factors) == len(known.factors):
            by_kind = _by_kind([one.kind for one in known.factors], factors)
            product = math.prod(by_kind.values())
            yield Decomposed(whole=whole, factors=tuple(factors), by_kind=by_kind, product=product)


def _by_kind(kinds: Iterable[str], factors: Iterable[Comparison]) -> Mapping[str, float]:
    """Multiply the ratios of each kind."""
    products: dict[str, float] = {}
    for kind, one in zip(kinds, factors, strict=True):
        products[kind] = products.get(kind, 1.0) * one.ratio.value
    return products
