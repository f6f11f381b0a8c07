"""Did requests wait for connections or threads, and if so: what are they short of, and what would fix it?

The names, each with what is seen of it:

- a leak: connections are checked out for requests that are over;
- threads and connections wait for each other: every connection's holder waits for a thread, and nobody works;
- too few threads: most of those who wait, with a connection or without, wait for a thread;
- a transaction that idles: most holders have asked the database nothing for long, and wait for something else;
- a slow database: most holders wait for a statement, and many of these statements have been under way for long, as
  PostgreSQL itself says;
- too small a pool: none of these, and every connection is in use.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from harness.model.evidence import Evidence, Sample
from harness.model.findings import Finding
from harness.model.outcome import Verdict
from harness.model.plan import Target

SHORT_MOST_OF_TIME = 0.1  # of all looks at which somebody may wait
STUCK_OF_SHORT = 0.25  # of the looks at which somebody waits and nobody works; it works again after each time limit
LEAKED_LOOKS = 6  # in a row, nearly half a second: longer than any answer is on its way
# Of the statements under way at a look; a look sees a long one as young for as long as a statement may well take.
LONG_OF_ACTIVE = 1 / 3
MIN_LOOKS = 10
SLOW = "The database is slow"
STUCK = "Threads and connections wait for each other"
# Of what holders do: all that goes on by itself, and what one does that has come just now, while nobody waits.
WORKS = ("database", "python", "elsewhere", "briefly")


@dataclass(frozen=True)
class _Look:
    """The pool at one moment: counts of connections in use, and of requests that wait without one."""

    in_use: int
    holders: Counter[str]
    waiting: Counter[str]
    call_site: str
    asks: str
    wants: str

    def short(self, target: Target) -> bool:
        """Whether a request waits while all connections, or all threads, are taken."""
        for_threads = self.holders["thread"] + self.waiting["thread"]
        full = self.in_use >= target.pool and (self.waiting["connection"] or self.waiting["elsewhere"])
        return bool(full) or (for_threads > 0 and self.waiting["in_thread"] + for_threads > target.threads)

    def stuck(self, target: Target) -> bool:
        """Whether all connections are held by those who wait for threads, while all threads wait for connections."""
        works = sum((self.holders[what] for what in WORKS), self.holders["over"])
        return self.in_use >= target.pool and not works and bool(self.waiting["connection"])


def check_pool(evidence: Evidence) -> Finding:
    """See how often somebody waited, and name what was short by what holders and waiters were doing."""
    looks = _looks(evidence.samples)
    sessions = [sample for sample in evidence.samples if sample.probe == "sessions" and _within(evidence, sample)]
    if len(looks) < MIN_LOOKS or not sessions:
        missing = "The pool was not looked at" if len(looks) < MIN_LOOKS else "PostgreSQL was not asked of its sessions"
        return _finding(evidence, Verdict.UNDECIDED, missing, "")
    target = evidence.target
    short = [look for look in looks if look.short(target)]
    timed_out = sum(sample.metric == "timed_out" for sample in evidence.samples if sample.probe == "pool")
    measured = f"somebody waited at {len(short)} of {len(looks)} looks; {timed_out} waits timed out{_ages(evidence)}"
    leaked = looks[-LEAKED_LOOKS:]
    if all(look.holders["over"] for look in leaked):
        count = leaked[-1].holders["over"]
        summary = f"Connections leak: {count} of {target.pool} are held for requests that are over"
        return _finding(evidence, Verdict.FAIL, summary, measured, [look.call_site for look in leaked])
    if len(short) > SHORT_MOST_OF_TIME * len(looks):
        summary = _name(target, short, sessions)
        if summary.startswith(STUCK):
            places = [look.wants or look.call_site for look in short]
        else:
            places = [look.asks if summary.startswith(SLOW) else look.call_site for look in short]
        return _finding(evidence, Verdict.FAIL, summary, measured, places)
    if idle := _idle(looks, sessions):
        return _finding(evidence, Verdict.FAIL, idle, measured, [look.call_site for look in looks])
    return _finding(evidence, Verdict.PASS, "Hardly any request waited for a connection or a thread", measured)


def _name(target: Target, short: Sequence[_Look], sessions: Sequence[Sample]) -> str:
    holders = sum((look.holders for look in short), Counter())
    waiting = sum((look.waiting for look in short), Counter())
    if sum(look.stuck(target) for look in short) > STUCK_OF_SHORT * len(short):
        return (
            f"{STUCK}: {target.threads} threads for {target.pool} connections; "
            f"let no more threads than connections run, or wait for connections outside of threads"
        )
    for_threads = holders["thread"] + waiting["thread"]
    works = sum(holders[what] for what in WORKS)
    if for_threads > max(works, waiting["connection"] + waiting["elsewhere"]):
        need = round((for_threads + works) / len(short))
        return f"Too few threads: {target.threads}, while {need} requests could have gone on"
    if idle := _idle(short, sessions):
        return idle
    in_use = sum(look.in_use for look in short) / len(short)
    active, long_active = _mean(sessions, "active"), _mean(sessions, "long_active")
    if 2 * active > in_use and long_active > LONG_OF_ACTIVE * active:
        asked = f"of {in_use:.1f} connections in use, {active:.1f} waited for a statement, {long_active:.1f} long"
        return f"{SLOW}: {asked}"
    need = round(in_use + (waiting["connection"] + waiting["elsewhere"]) / len(short))
    return f"The pool is too small: {target.pool} connections, while {need} requests wanted one"


def _idle(looks: Sequence[_Look], sessions: Sequence[Sample]) -> str:
    """Say so if most connections in use asked nothing for long: a harm of its own, before any request waits."""
    in_use = sum(look.in_use for look in looks) / len(looks)
    long_idle = _mean(sessions, "long_idle_in_transaction")
    idle = f"Transactions idle: of {in_use:.1f} connections in use, {long_idle:.1f} asked nothing for long"
    return idle if 2 * long_idle > in_use else ""


def _mean(sessions: Sequence[Sample], metric: str) -> float:
    return statistics.fmean(sample.value for sample in sessions if sample.metric == metric)


def _looks(samples: Sequence[Sample]) -> list[_Look]:
    in_use = [sample for sample in samples if (sample.probe, sample.metric) == ("pool", "in_use")]
    waiting = [sample for sample in samples if (sample.probe, sample.metric) == ("pool", "waiting")]
    return [
        _Look(
            in_use=round(held.value),
            holders=_counts(held),
            waiting=_counts(waits),
            call_site=held.labels["call_site"],
            asks=held.labels["asks"],
            wants=held.labels.get("wants", ""),
        )
        for held, waits in zip(in_use, waiting, strict=False)  # the last may lie beyond the window's end
    ]


def _ages(evidence: Evidence) -> str:
    """Say how old the connections of the pool were in the end, and how many came and went."""
    counts = Counter(sample.metric for sample in evidence.samples if sample.probe == "pool")
    last = [sample for sample in evidence.samples if (sample.probe, sample.metric) == ("pool", "open")][-1:]
    return "".join(
        f"; {sample.value:.0f} connections, {sample.labels['youngest_s']} to {sample.labels['oldest_s']} s old,"
        f" {counts['opened']} opened and {counts['closed']} closed"
        for sample in last
    )


def _within(evidence: Evidence, sample: Sample) -> bool:
    return evidence.window is None or evidence.window.start_ns <= sample.t_ns < evidence.window.end_ns


def _counts(sample: Sample) -> Counter[str]:
    return Counter({name: int(count) for name, count in sample.labels.items() if count.isdigit()})


def _finding(evidence: Evidence, verdict: Verdict, summary: str, measured: str, places: Sequence[str] = ()) -> Finding:
    """``places`` has for each look that speaks for the verdict where the most holders stood; none if nobody did."""
    call_sites = Counter(place for place in places if place)
    return Finding(
        check="pool",
        verdict=verdict,
        summary=summary,
        measured=measured,
        limit=f"{SHORT_MOST_OF_TIME:.0%} of all looks",
        count=len(places) if verdict is Verdict.FAIL else int(verdict is not Verdict.PASS),
        first=call_sites.most_common(1)[0][0] if call_sites else "",
        trial=evidence.trial.id,
    )
