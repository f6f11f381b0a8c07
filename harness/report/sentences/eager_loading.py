"""The answer of a comparison of loading strategies in sentences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from harness.model.measures import PageCost
from harness.model.summary import Summary
from harness.report.words import count, listing, number

WITHOUT_POSTS = "raise"


def loading_headline(summary: Summary) -> str:
    """Return in one sentence what the largest page costs at the greatest added latency."""
    largest = _largest(summary.pages)
    if not largest:
        return "No page was asked for."
    one = largest[0]
    told = listing([f"{number(cost.took_ms.value)} ms by {cost.strategy}" for cost in largest])
    return (
        f"At {one.added_ms} ms of added latency, a page of {one.users} users with {one.posts_each} posts each takes"
        f" {one.target} {told}."
    )


def loading_answers(summary: Summary) -> tuple[str, ...]:
    """Return what that page says to the database, and what the one with the most posts of each user does."""
    told = []
    most = max((one.posts_each for one in summary.pages), default=0)
    for costs in (_largest(summary.pages), _largest([one for one in summary.pages if one.posts_each == most])):
        if costs:
            one = costs[0]
            said = listing(
                [f"{_statements(cost)} and {number(cost.bytes_down / 1e3)} kB by {cost.strategy}" for cost in costs]
            )
            told.append(f"{one.users} users with {one.posts_each} posts each: {said}.")
    return tuple(dict.fromkeys(told))


def _largest(pages: Sequence[PageCost]) -> list[PageCost]:
    """Return what the page of most users costs at the greatest added latency, by every strategy that brings posts."""
    sizes: dict[tuple[str, int, int, int], list[PageCost]] = defaultdict(list)
    for one in pages:
        if one.strategy != WITHOUT_POSTS:
            sizes[one.target, one.added_ms, one.users, one.posts_each].append(one)
    largest = max(sizes.values(), key=lambda costs: (costs[0].added_ms, costs[0].users), default=[])
    return sorted(largest, key=lambda one: one.took_ms.value)


def _statements(cost: PageCost) -> str:
    return "1 statement" if cost.statements == 1 else f"{count(cost.statements)} statements"
