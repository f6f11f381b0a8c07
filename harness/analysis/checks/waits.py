"""Do requests wait for one another at one place: a lock, a queue of the application's own, a row of the database?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from harness.analysis.stats.shares import share_interval, share_of_unpaired
from harness.model.evidence import Evidence, Sample
from harness.model.findings import Finding, Findings, in_unit, known_facts
from harness.model.measures import Interval, of_interval
from harness.model.verdict import Place, Verdict

MOST_OF_TIME = 0.2  # of all time that requests take, waited for others at one place
LEAST_LOOKS = 5
# PostgreSQL's kinds of locks that transactions take from each other; others are its own, as to extend a file.
ROW, ADVISORY, TABLE = "row", "advisory lock", "table"
LOCKS = {"transactionid": ROW, "tuple": ROW, "spectoken": ROW, "advisory": ADVISORY, "relation": TABLE}
CODES = {
    "lock": "wait_for_a_lock",
    "semaphore": "wait_for_a_semaphore",
    "condition": "wait_for_a_condition",
    "queue": "wait_in_a_queue",
    "executor": "wait_for_an_executor",
    "client": "wait_for_a_client",
    ROW: "wait_for_a_row",
    ADVISORY: "wait_for_an_advisory_lock",
    TABLE: "wait_for_a_table",
}


@dataclass(frozen=True)
class _Look:
    """The requests at one moment: how many were under way, and what was seen of those that wait."""

    under_way: float
    seen: list[Sample] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class _Wait:
    """What requests wait for most, how much of their time, and where."""

    code: str
    share: Interval
    place: Place | None
    held_at: Place | None
    statement: str = ""


def check_waits(evidence: Evidence) -> Findings:
    """Name the place at which requests wait longest for one another, if that is much of their time."""
    looks, window = _looks(evidence.samples), evidence.window
    known = [one for one in evidence.samples if window is None or window.holds(one.t_ns)]
    sessions = [one for one in known if one.probe == "sessions"]
    waits = [*_in_the_application(looks), *_in_the_database(looks, sessions)]
    worst = max(waits, key=lambda one: one.share.value, default=None)
    verdict, code = Verdict.PASS, "seldom_wait"
    if len(looks) < LEAST_LOOKS:
        verdict, code = Verdict.UNDECIDED, "requests_not_watched"
    elif worst and worst.share.low is not None and worst.share.low > MOST_OF_TIME:
        verdict, code = Verdict.FAIL, worst.code
    elif not sessions:
        verdict, code = Verdict.UNDECIDED, "sessions_not_watched"
    elif worst and worst.share.value > MOST_OF_TIME:
        verdict, code = Verdict.UNDECIDED, "may_wait"
    yield Finding(
        check="waits",
        verdict=verdict,
        code=code,
        values=in_unit("share", limit=MOST_OF_TIME)
        | in_unit("looks", looks=len(looks))
        | (in_unit("requests", under_way=fmean(look.under_way for look in looks)) if looks else {})
        | (of_interval("waited", worst.share) if worst else {}),
        facts=known_facts(held=_text(worst.held_at), statement=worst.statement) if worst else {},
        place=worst.place if worst else None,
        count=int(verdict is not Verdict.PASS),
        subject=evidence.trial.id,
    )


def _looks(samples: Iterable[Sample]) -> list[_Look]:
    """Put together what was seen at each look; the first sample of each tells how many requests were under way."""
    looks: list[_Look] = []
    for sample in samples:
        if sample.probe == "waits" and sample.metric == "under_way":
            looks.append(_Look(sample.value))
        elif sample.probe == "waits" and looks:
            looks[-1].seen.append(sample)
    return looks


def _in_the_application(looks: Sequence[_Look]) -> Iterator[_Wait]:
    """Yield what requests were seen to wait for in the application, by kind and place."""
    turns = [one for look in looks for one in look.seen if one.metric == "turn"]
    for kind, place in {(one.labels["kind"], one.places["call_site"]) for one in turns}:
        counts = [
            sum(one.value for one in look.seen if (one.labels.get("kind"), one.places["call_site"]) == (kind, place))
            for look in looks
        ]
        yield _Wait(
            code=CODES[kind],
            share=share_interval(counts, [look.under_way for look in looks]),
            place=place,
            held_at=_usual(one.places.get("held_at") for one in turns if one.places["call_site"] == place),
        )


def _in_the_database(looks: Sequence[_Look], sessions: Sequence[Sample]) -> Iterator[_Wait]:
    """Yield what sessions wait for by PostgreSQL's own word, by kind and statement, with the lines that send it."""
    readings = [one.t_ns for one in sessions if one.metric == "active"]
    blocked = [one for one in sessions if one.metric == "blocked" and one.labels["lock"] in LOCKS]
    asking = [one for look in looks for one in look.seen if one.metric == "asking"]
    for kind, statement in {(LOCKS[one.labels["lock"]], one.labels["statement"]) for one in blocked}:
        counts = dict.fromkeys(readings, 0.0)
        for one in blocked:
            if (LOCKS[one.labels["lock"]], one.labels["statement"]) == (kind, statement):
                counts[one.t_ns] += one.value
        sent = [one for one in asking if one.labels["statement"] == statement]
        place = _usual(one.places["call_site"] for one in sent for _ in range(round(one.value)))
        yield _Wait(
            code=CODES[kind],
            share=share_of_unpaired([*counts.values()], [look.under_way for look in looks]),
            place=place,
            held_at=_usual(one.places.get("held_at") for one in sent if one.places["call_site"] == place),
            statement=statement,
        )


def _usual(places: Iterable[Place | None]) -> Place | None:
    """Return the place that is seen most often, of those that are known."""
    seen = Counter(place for place in places if place)
    return seen.most_common(1)[0][0] if seen else None


def _text(place: Place | None) -> str:
    return f"{place.file}:{place.line} {place.function}" if place else ""
