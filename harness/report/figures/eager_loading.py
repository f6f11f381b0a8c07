"""What a page of users with posts costs by each loading strategy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.lines import Line2D

from harness.model.measures import Interval, PageCost
from harness.model.summary import Summary
from harness.report.palette import STYLES, Style
from harness.report.panel import FigureOf, Panel, Table, canvas
from harness.report.ticks import log_ticks
from harness.report.words import count, distance, interval

STRATEGIES = ("lazy", "selectin", "joined", "raise")
LOOKS: dict[str, Style] = dict(zip(STRATEGIES, STYLES, strict=True))


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """One panel: its quantity against the number of users, or of posts each."""

    id: str
    title: str
    unit: str
    pick: Callable[[PageCost], Interval | None]
    costs: Sequence[PageCost]
    by_users: bool


def draw_eager_loading(summary: Summary) -> FigureOf | None:
    """Draw statements, bytes and time against the size of the page; None if none was asked for."""
    costs = summary.pages
    if not costs:
        return None
    return FigureOf(
        title="What does each way of loading posts cost, and how does it grow with the page?",
        note="A page of users with their posts, asked for by one client on one connection. PostgreSQL counts the"
        " statements, a relay the bytes on the wire, and the client times: the mean over blocks of each block's"
        " median, with its 95 % interval. With raise there are no posts in the page, and touching them would be an"
        " error: it is what the others add to. Both axes are logarithmic.",
        panels=tuple(_panel(shown) for shown in _shown(summary)),
        table=Table(
            columns=(
                *("distance", "target", "users", "posts each", "load", "statements", "round trips"),
                *("bytes from database", "bytes of the answer", "time, ms"),
            ),
            rows=tuple(_row(cost) for cost in costs),
        ),
    )


def _shown(summary: Summary) -> list[_Shown]:
    """Counts of the first target at its first distance, as they are the same at any; and times of each at each."""
    first, levels = summary.plan.targets[0], summary.plan.profile.added_ms
    counted = [one for one in summary.pages if (one.target, one.added_ms) == (first, levels[0])]
    shown = [_shown_by("statements", "statements", _statements, counted, by_users=True)]
    shown += [
        _shown_by("bytes", "kilobytes from the database", _kilobytes, counted, by_users=by_users)
        for by_users in (True, False)
    ]
    for added_ms in levels:
        for target in summary.plan.targets:
            timed = [one for one in summary.pages if (one.target, one.added_ms) == (target, added_ms)]
            name = f"{target} at {added_ms} ms"
            shown += [
                _shown_by(name, "time of a page, ms", _time, timed, by_users=by_users) for by_users in (True, False)
            ]
    return [one for one in shown if one.costs]


def _shown_by(
    name: str, unit: str, pick: Callable[[PageCost], Interval | None], costs: Sequence[PageCost], *, by_users: bool
) -> _Shown:
    title = f"{name}, by {'users' if by_users else 'posts of each'}"
    id_ = "".join(letter if letter.isalnum() else "-" for letter in title)
    return _Shown(id=id_, title=title, unit=unit, pick=pick, costs=_along(costs, by_users=by_users), by_users=by_users)


def _along(costs: Sequence[PageCost], *, by_users: bool) -> list[PageCost]:
    """Pick the pages along one axis: those of the size on the other axis that has most of them."""
    sizes = [one.posts_each if by_users else one.users for one in costs]
    usual = max(sizes, key=sizes.count, default=0)
    return [one for one in costs if (one.posts_each if by_users else one.users) == usual]


def _statements(one: PageCost) -> Interval | None:
    return None if one.statements is None else Interval(value=one.statements, low=None, high=None, blocks=1)


def _kilobytes(one: PageCost) -> Interval:
    return Interval(value=one.bytes_down / 1e3, low=None, high=None, blocks=1)


def _time(one: PageCost) -> Interval:
    return one.took_ms


def _panel(shown: _Shown) -> Panel:
    fixed = shown.costs[0]
    size = f"{fixed.posts_each} posts each" if shown.by_users else f"{fixed.users} users"
    label = f"{shown.title}, {size}: {shown.unit}. " + "; ".join(
        f"{one.strategy} with {_size(one, shown)}: {interval(shown.pick(one))}" for one in shown.costs
    )
    with canvas(f"loading-{shown.id}", label) as drawn:
        axes = drawn.axes
        axes.set_xscale("log")
        axes.set_yscale("log")
        values = []
        for strategy, style in LOOKS.items():
            points = [
                (_size(one, shown), known)
                for one in shown.costs
                if one.strategy == strategy and (known := shown.pick(one)) is not None
            ]
            points.sort(key=lambda point: point[0])
            axes.plot(
                [x for x, _ in points],
                [known.value for _, known in points],
                color=style.colour,
                marker=style.marker,
                linestyle=style.line,
            )
            for x, known in points:
                if known.low is not None and known.high is not None and known.low > 0:
                    axes.plot([x, x], [known.low, known.high], color=style.colour, linewidth=2)
            values += [known.value for _, known in points]
        sizes = sorted({_size(one, shown) for one in shown.costs})
        axes.set_xticks(sizes, [str(size) for size in sizes])
        axes.minorticks_off()
        log_ticks(axes, "y", values)
        axes.set_title(shown.title)
        axes.set_xlabel(f"users on the page, {size}" if shown.by_users else f"posts of each user, {size}")
        axes.set_ylabel(shown.unit)
        drawn.legend(
            [
                Line2D([], [], color=style.colour, marker=style.marker, linestyle=style.line, label=strategy)
                for strategy, style in LOOKS.items()
            ]
        )
    return drawn.panel


def _size(one: PageCost, shown: _Shown) -> int:
    return one.users if shown.by_users else one.posts_each


def _row(cost: PageCost) -> tuple[str, ...]:
    return (
        distance(cost.added_ms),
        cost.target,
        str(cost.users),
        str(cost.posts_each),
        cost.strategy,
        count(cost.statements),
        count(cost.round_trips),
        count(cost.bytes_down),
        count(cost.answer_bytes),
        interval(cost.took_ms),
    )
