"""Is the event loop held up or saturated, and by what: a line of the application, or the making of which answer?

What counts against an application is what no machine can have added, as the probe tells it apart. A call that computes
is measured by how fast the interpreter is in the same trial: what is work on one machine is none on another that takes
three times as long for everything.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TypeVar

from harness.model.evidence import Evidence, Sample, Window
from harness.model.findings import Finding, Findings, Quantity, in_unit, known_facts
from harness.model.verdict import Place, Verdict

LEAST_STALLS = 3  # of one function, as a single one may be the machine's
MOST_OF_TIME = 0.05  # of the window that stalls of one function may take
MOST_WITHOUT_A_CORE = 0.5  # of the window; beyond it all that is held is held for longer
LONG_OF_TIME = 0.25  # of the window that even a single one may take
# In pieces of work of the probe's, of which each takes about 0.1 ms:
PIECES_AT_ONCE = 50  # a call that computes for less is work
PIECES_A_REQUEST = 1000  # that a saturated loop may compute for each request
PIECES_AN_ANSWER = 200  # the same for one whose answers are large
LARGE_BYTES = 100_000  # of the median answer
LATE_PIECES = 2000  # a loop that is later has a reason, known or not; a single call that waits for as long is one
USUAL_PIECE_S = 1e-4  # where none was done in the window
MOSTLY = 0.5  # of what is proven of a call: one that computes that much is measured by how fast the interpreter is
SATURATED = 0.6  # of the time that the loop's thread could compute

T = TypeVar("T")
Key = tuple[str, str]  # file and function of the application's or, without a file, a route


@dataclass(frozen=True)
class _Stall:
    """A call that held the loop up: for how long of the window for certain, and whether it computed."""

    place: Place
    route: str
    inside: str
    held_s: float
    computes: bool

    @property
    def key(self) -> Key:
        """What stalls are added up by."""
        return (self.place.file, self.place.function) if self.place.file else ("", self.route)


class _Seen:
    """What the probe noted of the loop in a window, by metric."""

    def __init__(self, samples: Iterable[Sample], window: Window | None) -> None:
        self._by_metric: dict[str, list[Sample]] = defaultdict(list)
        for sample in samples:
            if sample.probe == "loop":
                self._by_metric[sample.metric].append(sample)
        self.window_s = window.duration_s if window else 0.0
        self.piece_s = median([sample.value for sample in self["piece_s"]] or [USUAL_PIECE_S])
        self.own_lag_s = max((sample.fields["own_s"] for sample in self["lag_max_s"]), default=0.0)
        # who asks may be late as well
        self.lag_s = max((sample.value for sample in self["lag_max_s"]), default=0.0)
        self.lag_s = max(self.lag_s, self.own_lag_s)
        self.could_run_s = max(0.0, self.window_s - self.total("core_wait_s"))
        self.starved = self.total("core_wait_s") > MOST_WITHOUT_A_CORE * self.window_s
        self.stalls = [_stall(sample, window) for sample in (*self["stall_s"], *self._unfinished())] if window else []

    def __getitem__(self, metric: str) -> list[Sample]:
        """Return the samples of a metric."""
        return self._by_metric[metric]

    def total(self, metric: str, field: str = "") -> float:
        """Add up the samples of a metric, or a field of theirs."""
        return sum(sample.fields[field] if field else sample.value for sample in self[metric])

    def counted(self, stalls: Iterable[_Stall]) -> list[_Stall]:
        """Return those that are no mere work on a machine as fast as this one."""
        return [one for one in stalls if not one.computes or one.held_s >= PIECES_AT_ONCE * self.piece_s]

    def is_long_sleep(self, stall: _Stall) -> bool:
        """Whether a call waited for so long that no machine can have made it."""
        return not stall.computes and stall.held_s >= LATE_PIECES * self.piece_s

    def _unfinished(self) -> list[Sample]:
        """Return what the loop had not come out of when the window ended."""
        last = self["lasting_s"][-1:]
        return last if not any(stall.t_ns > one.t_ns for one in last for stall in self["stall_s"]) else []


@dataclass(frozen=True, kw_only=True)
class _Told:
    """What is said of a loop."""

    verdict: Verdict
    code: str
    values: Mapping[str, Quantity] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    place: Place | None = None
    count: int = 0


def check_loop(evidence: Evidence) -> Findings:
    """Fail where calls of one function, or the answers of one route, take much of the loop's time."""
    seen = _Seen(evidence.samples, evidence.window)
    if evidence.window is None or not seen["lag_max_s"]:
        yield Finding(check="loop", verdict=Verdict.UNDECIDED, code="not_watched", count=1, subject=evidence.trial.id)
        return
    found = next(filter(None, (judge(seen, evidence.samples) for judge in _JUDGES)))
    yield Finding(
        check="loop",
        verdict=found.verdict,
        code=found.code,
        values={**_measured(seen), **found.values},
        facts=found.facts,
        place=found.place,
        count=found.count,
        subject=evidence.trial.id,
    )


def _stall(sample: Sample, window: Window) -> _Stall:
    """Return what a stall took of a window that it may have begun before."""
    proven_s = sample.fields["proven_s"]
    return _Stall(
        place=sample.places["call_site"],
        route=sample.labels.get("route", ""),
        inside=sample.labels.get("inside", ""),
        held_s=min(proven_s, (sample.t_ns - window.start_ns) / 1e9),
        computes=sample.fields["computed_s"] > MOSTLY * proven_s,
    )


def _held_up(seen: _Seen, samples: Sequence[Sample]) -> _Told | None:
    """Say which function, or which route without a line of the application's, held the loop up for long enough."""
    worst = _worst(seen.counted(seen.stalls))
    held_s = sum(stall.held_s for stall in worst)
    often = len(worst) >= LEAST_STALLS and held_s > MOST_OF_TIME * seen.could_run_s
    long = held_s > LONG_OF_TIME * seen.window_s or any(map(seen.is_long_sleep, worst))
    if not often and not long:
        return None
    if not long and seen.starved and held_s <= MOST_OF_TIME * seen.window_s:
        return _Told(verdict=Verdict.UNDECIDED, code="may_be_held_up", place=_line_of(worst), count=len(worst))
    each = in_unit("ms", each=1e3 * median(stall.held_s for stall in worst))
    each |= in_unit("share", share=held_s / max(held_s, seen.could_run_s))
    route, inside = (_most_common([getattr(stall, name) for stall in worst]) for name in ("route", "inside"))
    if worst[0].place.file:
        facts, place = known_facts(route=route), _line_of(worst)
        return _Told(verdict=Verdict.FAIL, code="held_up", values=each, facts=facts, place=place, count=len(worst))
    facts, each = known_facts(route=route, inside=inside), {**each, **_answer(route, samples)}
    return _Told(verdict=Verdict.FAIL, code="held_up_by_answers", values=each, facts=facts, count=len(worst))


def _line_of(stalls: Sequence[_Stall]) -> Place | None:
    """Return the line at which most of these stalls of one function were; None if it is none of the application's."""
    return _most_common([stall.place for stall in stalls]) if stalls and stalls[0].place.file else None


def _saturated(seen: _Seen, samples: Sequence[Sample]) -> _Told | None:
    """Say what takes the loop's time, if that has next to none left, and computes for long for each request."""
    busy_s, could_s = seen.total("busy_s"), seen.total("busy_s", "passed_s") - seen.total("core_wait_s")
    each_s = busy_s / max(1.0, seen.total("busy_s", "ended"))
    late = seen.own_lag_s >= LATE_PIECES * seen.piece_s
    spent = _spent(seen)
    route, place = _of_spent(spent) if spent else ("", None)
    answer = _answer(route, samples)
    large = place is None and "answer" in answer and answer["answer"].value >= LARGE_BYTES
    most_s = (PIECES_AN_ANSWER if large else PIECES_A_REQUEST) * seen.piece_s
    if not late or busy_s < SATURATED * could_s or each_s < most_s:
        return None
    values = in_unit("ms", each=1e3 * each_s) | in_unit("share", busy=min(1.0, busy_s / could_s))
    if route and place is None:
        values |= answer
        return _Told(verdict=Verdict.FAIL, code="saturated_by_answers", values=values, facts={"route": route}, count=1)
    return _Told(
        verdict=Verdict.FAIL, code="saturated", values=values, facts=known_facts(route=route), place=place, count=1
    )


def _blocked(seen: _Seen, samples: Sequence[Sample]) -> _Told | None:
    """Say which line asks the database without ``await``, if that takes much of the loop's time.

    The calls are of requests that were looked into: so many of them took so long, and so many more came to their end.
    """
    calls, followed = seen["blocked_s"], sum(one.metric == "took_s" for one in samples)
    if not calls or not followed:
        return None
    each_s = seen.total("blocked_s") / followed
    share = min(1.0, each_s * seen.total("busy_s", "ended") / max(seen.total("busy_s", "passed_s"), each_s))
    if share <= MOST_OF_TIME:
        return None
    values = in_unit("ms", each=1e3 * each_s) | in_unit("share", share=share)
    place = _most_common([one.places["call_site"] for one in calls])
    return _Told(verdict=Verdict.FAIL, code="blocked_by_driver", values=values, place=place, count=len(calls))


def _waits(seen: _Seen, _samples: Sequence[Sample]) -> _Told | None:
    """Say in which function a loop that is late waits, by calls of which each is too short for a stall."""
    if seen.starved:
        return None  # it may be idle for want of the interpreter, which a thread without a core has
    late_s = seen.total("late_in_s")
    idle: dict[Key, list[Sample]] = defaultdict(list)
    for sample in seen["late_in_s"]:
        place = sample.places["call_site"]
        if place.file:
            idle[place.file, place.function].append(sample)
    worst = max(idle.values(), key=_idle_s, default=[])
    if len(worst) < LEAST_STALLS or late_s <= MOST_OF_TIME * seen.could_run_s or _idle_s(worst) <= MOSTLY * late_s:
        return None
    values = in_unit("share", share=_idle_s(worst) / late_s)
    facts = known_facts(route=_most_common([sample.labels.get("route", "") for sample in worst]))
    place = _most_common([sample.places["call_site"] for sample in worst])
    return _Told(verdict=Verdict.FAIL, code="waits_briefly", values=values, facts=facts, place=place, count=len(worst))


def _idle_s(late: Sequence[Sample]) -> float:
    return sum(sample.fields["idle_s"] for sample in late)


def _late(seen: _Seen, _samples: Sequence[Sample]) -> _Told:
    """Say whether a loop that nothing holds up is late all the same, and whether that is the machine's doing."""
    bound_s = LATE_PIECES * seen.piece_s
    if seen.own_lag_s >= bound_s:
        spent = _spent(seen)
        facts = known_facts(route=_of_spent(spent)[0]) if spent else {}
        return _Told(
            verdict=Verdict.UNDECIDED,
            code="late",
            values=in_unit("ms", own=1e3 * seen.own_lag_s),
            facts=facts,
            count=1,
        )
    place = _line_of(_worst(seen.stalls))
    if seen.lag_s < bound_s:
        return _Told(verdict=Verdict.PASS, code="free", place=place)
    served = seen.total("busy_s", "ended") > 0  # else nothing was seen of the application
    return _Told(verdict=Verdict.PASS if served else Verdict.UNDECIDED, code="late_by_machine", place=place)


def _worst(stalls: Iterable[_Stall]) -> list[_Stall]:
    """Return those of the function, or of the route, that held the loop up longest."""
    by_key: dict[Key, list[_Stall]] = defaultdict(list)
    for stall in stalls:
        by_key[stall.key].append(stall)
    return max(by_key.values(), key=lambda some: sum(stall.held_s for stall in some), default=[])


def _spent(seen: _Seen) -> Sample | None:
    """Return what a loop that was late spent most of its time in, of what is known of it, told by one sample."""
    spent_s: dict[Key, float] = defaultdict(float)
    first: dict[Key, Sample] = {}
    for sample in seen["late_in_s"]:
        place = sample.places["call_site"]
        key = (place.file, place.function) if place.file else ("", sample.labels.get("route", ""))
        if any(key):
            spent_s[key] += sample.value
            first.setdefault(key, sample)
    return first[max(spent_s, key=spent_s.__getitem__)] if spent_s else None


def _of_spent(sample: Sample) -> tuple[str, Place | None]:
    """Return the route of what a loop spent its time in, and the line, if it is the application's."""
    place = sample.places["call_site"]
    return sample.labels.get("route", ""), place if place.file else None


def _answer(route: str, samples: Sequence[Sample]) -> dict[str, Quantity]:
    """Return the size of a route's median answer, if another probe has told it."""
    of_route = [one for one in samples if one.metric == "took_s" and one.labels.get("route") == route]
    return in_unit("bytes", answer=median(one.fields["bytes"] for one in of_route)) if of_route else {}


def _measured(seen: _Seen) -> dict[str, Quantity]:
    """Return what there was of stalls and lag, whatever is said of it."""
    guesses = sum(stall.labels.get("length") == "guess" for stall in seen["stall_s"])
    stalled_s = sum(stall.held_s for stall in seen.stalls)
    worst_s = sum(stall.held_s for stall in _worst(seen.stalls))
    return (
        in_unit("stalls", stalls=len(seen.stalls), **({"guesses": guesses} if guesses else {}))
        | in_unit("s", stalled=stalled_s, window=seen.window_s)
        | in_unit("share", limit=MOST_OF_TIME, **({"worst": worst_s / stalled_s} if stalled_s else {}))
        | in_unit("ms", lag=1e3 * seen.lag_s, own_lag=1e3 * seen.own_lag_s)
        | in_unit("s", core_wait=seen.total("core_wait_s"), collected=seen.total("collection_s"))
        | in_unit("collections", collections=len(seen["collection_s"]))
    )


def _most_common(some: Sequence[T]) -> T:
    return Counter(some).most_common(1)[0][0]


_JUDGES = (_held_up, _saturated, _blocked, _waits, _late)  # by what is surest; the last always says something
