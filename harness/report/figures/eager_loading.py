"""What a page of users with posts costs by each loading strategy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from harness.model.measures import Interval, PageCost
from harness.model.summary import Summary
from harness.report.palette import STYLES
from harness.report.panel import FigureOf, Panel, Table, canvas
from harness.report.ticks import log_ticks
from harness.report.words import count, interval

LOOKS = dict(zip(("lazy", "selectin", "joined", "raise"), STYLES, strict=True))


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """One panel: a quantity of pages that differ in the number of users, or of posts each."""

    title: str
    unit: str
    pick: Callable[[PageCost], Interval | None]
    costs: Sequence[PageCost]
    by_users: bool

    def size(self, one: PageCost) -> int:
        """The size of a page along the panel's axis."""
        return one.users if self.by_users else one.posts_each


def draw_eager_loading(summary: Summary) -> FigureOf:
    """Draw statements, bytes and time against the size of the page."""
    return FigureOf(
        title="What does each way of loading posts cost, and how does it grow with the page?",
        note="A page of users with their posts, asked for by one client on one connection. PostgreSQL counts the"
        " statements, a relay the bytes on the wire, and the client times: the mean over blocks of each block's"
        " median, with its 95 % interval. With raise there are no posts in the page, and touching them would be an"
        " error: it is what the others add to. Both axes are logarithmic.",
        panels=tuple(_panel(shown) for shown in _shown(summary) if shown.costs),
        table=Table(
            columns=(
                *("added latency", "target", "users", "posts each", "load", "statements", "round trips"),
                *("bytes from database", "bytes of the answer", "time, ms"),
            ),
            rows=tuple(_row(cost) for cost in summary.pages),
        ),
    )


def _shown(summary: Summary) -> Iterator[_Shown]:
    """Counts of the first target at its first latency, as they are the same at any; and times of each at each."""
    targets, levels = summary.plan.targets, summary.plan.profile.added_ms
    counted = _of(summary, targets[0], levels[0])
    yield _along("statements", "statements", lambda one: _counted(one.statements), counted, by_users=True)
    for by_users in (True, False):
        unit = "kilobytes from the database"
        yield _along("bytes", unit, lambda one: _counted(one.bytes_down / 1e3), counted, by_users=by_users)
    for added_ms, target, by_users in product(levels, targets, (True, False)):
        timed = _of(summary, target, added_ms)
        name = f"{target} at {added_ms} ms"
        yield _along(name, "time of a page, ms", lambda one: one.took_ms, timed, by_users=by_users)


def _of(summary: Summary, target: str, added_ms: int) -> list[PageCost]:
    return [one for one in summary.pages if (one.target, one.added_ms) == (target, added_ms)]


def _counted(value: float | None) -> Interval | None:
    return None if value is None else Interval(value=value, low=None, high=None, blocks=1)


def _along(
    name: str, unit: str, pick: Callable[[PageCost], Interval | None], costs: Sequence[PageCost], *, by_users: bool
) -> _Shown:
    """Show the pages along one axis: those of the size on the other axis that has most of them."""
    sizes = [one.posts_each if by_users else one.users for one in costs]
    usual = max(sizes, key=sizes.count, default=0)
    along = [one for one, size in zip(costs, sizes, strict=True) if size == usual]
    title = f"{name}, by {'users' if by_users else 'posts of each'}"
    return _Shown(title=title, unit=unit, pick=pick, costs=along, by_users=by_users)


def _panel(shown: _Shown) -> Panel:
    fixed = shown.costs[0]
    size = f"{fixed.posts_each} posts each" if shown.by_users else f"{fixed.users} users"
    label = f"{shown.title}, {size}: {shown.unit}. " + "; ".join(
        f"{one.strategy} with {shown.size(one)}: {interval(shown.pick(one))}" for one in shown.costs
    )
    with canvas(f"loading-{shown.title}", label) as drawn:
        axes = drawn.axes
        axes.set_xscale("log")
        axes.set_yscale("log")
        known = [(shown.size(one), one.strategy, value) for one in shown.costs if (value := shown.pick(one))]
        for strategy, style in LOOKS.items():
            points = sorted((at, value.value) for at, loaded_by, value in known if loaded_by == strategy)
            axes.plot([at for at, _ in points], [value for _, value in points], **style.look)
        for at, strategy, value in known:
            if value.low is not None and value.high is not None and value.low > 0:
                axes.plot([at, at], [value.low, value.high], color=LOOKS[strategy].colour, linewidth=2)
        sizes = sorted({shown.size(one) for one in shown.costs})
        axes.set_xticks(sizes, [str(size) for size in sizes])
        axes.minorticks_off()
        log_ticks(axes, "y", [value.value for _, _, value in known])
        axes.set_title(shown.title)
        axes.set_xlabel(f"users on the page, {size}" if shown.by_users else f"posts of each user, {size}")
        axes.set_ylabel(shown.unit)
        drawn.legend_of(LOOKS)
    return drawn.panel


def _row(cost: PageCost) -> tuple[str, ...]:
    return (
        *(f"{cost.added_ms} ms", cost.target, str(cost.users), str(cost.posts_each), cost.strategy),
        *(count(value) for value in (cost.statements, cost.round_trips, cost.bytes_down, cost.answer_bytes)),
        interval(cost.took_ms),
    )
