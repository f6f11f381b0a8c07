"""Did requests wait for connections or threads, and if so: what are they short of, and what would fix it?

The names, each with what is seen of it:

- an engine or a connection for each request: what a line makes for each could be kept (``connections.py``);
- a leak: connections are checked out for requests that are over;
- a second connection: most of those that have a connection, or that wait for one, have one and ask for another, of a
  pool that has none left. Where the pool is large enough nobody waits, and it is no more than told;
- threads and connections wait for each other: every connection's holder waits for a thread, and nobody works;
- too few threads: most of those who wait, with a connection or without, wait for a thread;
- a transaction that idles: most holders have asked the database nothing for long, longer than the process takes to
  give anybody a turn, and wait for something else;
- a slow database: most holders wait for a statement, and many of these statements have been under way for long, as
  PostgreSQL itself says;
- too small a pool: none of these, and every connection is in use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median

from harness.analysis.checks.connections import made_anew
from harness.model.evidence import Evidence, Sample
from harness.model.findings import Finding, Findings, Quantity, in_unit
from harness.model.plan import Target
from harness.model.verdict import Place, Verdict

SHORT_MOST_OF_TIME = 0.1  # of all looks at which somebody may wait
STUCK_OF_SHORT = 0.25  # of the looks at which somebody waits and nobody works; it works again after each time limit
MAY_WAIT = 0.1  # of those who use a pool or wait for it
LEAKED_LOOKS = 6  # in a row, nearly half a second: longer than any answer is on its way
KEPT = 1  # as long as it stays one, a connection may be held for good by what the first request has begun
# Of the statements under way at a look; a look sees a long one as young for as long as a statement may well take.
LONG_OF_ACTIVE = 1 / 3
MOST = 0.5  # of several: more than half of them
MIN_LOOKS = 10
NS_PER_S = 1e9
# Of what holders do: all that goes on by itself, and what one does that has come just now, while nobody waits.
WORKS = ("database", "python", "elsewhere", "briefly")
# What one does whose transaction need not be there meanwhile: it is with the application, and not for want of a thread.
APART = ("python", "elsewhere", "background")


@dataclass(frozen=True)
class _Look:
    """The pool at one moment: counts of connections in use, and of requests that wait without one."""

    in_use: int
    holders: Counter[str]
    waiting: Counter[str]
    places: Mapping[str, Place]

    def short(self, target: Target) -> bool:
        """Whether a request waits while all connections, or all threads, are taken."""
        for_threads = self.holders["thread"] + self.waiting["thread"]
        taken = self.in_use >= target.pool and not self.waiting["spare"]
        full = taken and (self.waiting["connection"] or self.waiting["elsewhere"])
        for_thread = for_threads > 0 and self.waiting["in_thread"] + for_threads > target.threads
        return bool(full) or self.crowded or self.another or for_thread

    @property
    def crowded(self) -> bool:
        """Whether enough wait for a connection of a pool that has none left, of whatever size that is."""
        waiting = self.waiting["full"]
        return waiting > MAY_WAIT * (self.in_use + waiting)

    def size(self, target: Target) -> int:
        """How many connections the pools may have that have none left; the target's, where none is known."""
        return self.waiting["capacity"] or target.pool

    @property
    def another(self) -> bool:
        """Whether those who wait for a connection of a pool that has none left are, for the most part, who hold them.

        Of one that is none of the target's size, too.
        """
        asking, full = self.holders["connection"], self.waiting["full"]
        return bool(asking and full) and asking >= MOST * min(full, self.in_use)

    def stuck(self, target: Target) -> bool:
        """Whether all connections are held by those who wait for threads, while all threads wait for connections."""
        works = sum(self.holders[what] for what in (*WORKS, "over", "connection"))
        return self.in_use >= self.size(target) and not works and bool(self.waiting["connection"])


@dataclass(frozen=True)
class _Shortage:
    """What was short: its code, the numbers that say so, and where the one stands that speaks for each look."""

    code: str
    values: Mapping[str, Quantity] = field(default_factory=dict)
    places: Sequence[Place | None] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


def check_pool(evidence: Evidence) -> Findings:
    """Count how often a request waited, and name what was short by what holders and waiters were doing."""
    looks, window = _looks(evidence.samples), evidence.window
    known = [sample for sample in evidence.samples if window is None or window.holds(sample.t_ns)]
    sessions = [sample for sample in known if sample.probe == "sessions"]
    measured: dict[str, Quantity] = {}
    if anew := _made_anew(evidence):  # by counts, for which few looks are enough
        verdict, found, measured = Verdict.FAIL, anew, _measured(evidence, looks)
    elif len(looks) < MIN_LOOKS:
        verdict, found = Verdict.UNDECIDED, _Shortage("pool_not_watched")
    elif not sessions:
        verdict, found = Verdict.UNDECIDED, _Shortage("sessions_not_watched")
    else:
        short = _shortage(evidence.target, looks, known)
        verdict, found = (Verdict.FAIL, short) if short else (Verdict.PASS, _Shortage("nobody_waited"))
        measured = _measured(evidence, looks)
    call_sites = Counter(place for place in found.places if place)
    yield Finding(
        check="pool",
        verdict=verdict,
        code=found.code,
        values={**in_unit("share", limit=SHORT_MOST_OF_TIME), **measured, **found.values},
        place=call_sites.most_common(1)[0][0] if call_sites else None,
        count=len(found.places) if verdict is Verdict.FAIL else int(verdict is not Verdict.PASS),
        facts=found.facts,
        subject=evidence.trial.id,
    )


def _made_anew(evidence: Evidence) -> _Shortage | None:
    churn = made_anew(evidence)
    return None if churn is None else _Shortage(churn.code, churn.values, [churn.place])


def _shortage(target: Target, looks: Sequence[_Look], samples: Sequence[Sample]) -> _Shortage | None:
    """Name what was short, if anything was."""
    leaked = looks[-LEAKED_LOOKS:]
    if all(look.holders["over"] for look in leaked) and leaked[-1].holders["over"] > KEPT:
        values = in_unit("connections", leaked=leaked[-1].holders["over"], pool=target.pool)
        return _Shortage("connections_leak", values, [look.places.get("call_site") for look in leaked])
    short = [look for look in looks if look.short(target)]
    another = [look for look in looks if look.another]
    if len(another) > max(SHORT_MOST_OF_TIME * len(looks), MOST * len(short)):
        return _second(another)
    if len(short) > SHORT_MOST_OF_TIME * len(looks):
        return _name(target, short, samples)
    return _idle(looks, samples)


def _second(looks: Sequence[_Look]) -> _Shortage:
    """Name where a request that has a connection asks for another, and where it got the first."""
    asking = sum(look.holders["connection"] for look in looks) / len(looks)
    values = in_unit("connections", in_use=sum(look.in_use for look in looks) / len(looks), asking=asking)
    has = Counter(look.places["has"] for look in looks if "has" in look.places).most_common(1)
    facts = {"has": str(has[0][0])} if has else {}
    return _Shortage("second_connection", values, [look.places.get("another") for look in looks], facts)


def _name(target: Target, short: Sequence[_Look], samples: Sequence[Sample]) -> _Shortage:
    """Name what was short while a request waited."""
    holders = sum((look.holders for look in short), Counter())
    waiting = sum((look.waiting for look in short), Counter())
    places = [look.places.get("call_site") for look in short]
    sizes = in_unit("threads", threads=target.threads)
    sizes |= in_unit("connections", pool=median(look.size(target) for look in short))
    if sum(look.stuck(target) for look in short) > STUCK_OF_SHORT * len(short):
        wants = [look.places.get("wants") or look.places.get("call_site") for look in short]
        return _Shortage("threads_and_connections_deadlocked", sizes, wants)
    for_threads = holders["thread"] + waiting["thread"]
    works = sum(holders[what] for what in WORKS)
    if for_threads > max(works, waiting["connection"] + waiting["elsewhere"]):
        need = round((for_threads + works) / len(short))
        return _Shortage("too_few_threads", {**sizes, **in_unit("requests", need=need)}, places)
    if idle := _idle(short, samples):
        return idle
    in_use = sum(look.in_use for look in short) / len(short)
    active, long_active = _mean(samples, "active"), _mean(samples, "long_active")
    if active > MOST * in_use and long_active > LONG_OF_ACTIVE * active:
        values = in_unit("connections", in_use=in_use, active=active, long_active=long_active)
        return _Shortage("database_slow", values, [look.places.get("asks") for look in short])
    need = round(in_use + (waiting["connection"] + waiting["elsewhere"]) / len(short))
    return _Shortage("pool_too_small", {**sizes, **in_unit("requests", need=need)}, places)


def _idle(looks: Sequence[_Look], samples: Sequence[Sample]) -> _Shortage | None:
    """Say so if most connections in use asked nothing for long: a harm of its own, before any request waits.

    PostgreSQL says for how long, and the probe what their holders do: one that has its answer, and has yet to see it,
    waits for its turn in the process. What is looked at in two ways at different moments is held against the larger
    number of connections, so that a share is none of more than there are.
    """
    apart = fmean(sum(look.holders[what] for what in APART) for look in looks)
    in_transaction = _mean(samples, "active") + _mean(samples, "idle_in_transaction")
    in_use = max(fmean(look.in_use for look in looks), in_transaction)
    long_idle = min(_long_idle(samples), apart)
    if long_idle <= MOST * in_use:
        return None
    values = in_unit("connections", in_use=in_use, long_idle=long_idle)
    return _Shortage("transactions_idle", values, [look.places.get("call_site") for look in looks])


def _long_idle(samples: Sequence[Sample]) -> float:
    """Return how many transactions have idled for long, less what the process took to give anybody a turn meanwhile.

    That is how late it was when it was looked at: it had no core, its lock was taken, or its loop was busy.
    """
    late = [(one.t_ns, one.value) for one in samples if (one.probe, one.metric) == ("pool", "late_s")]
    counts = []
    for one in samples:
        if (one.probe, one.metric) != ("sessions", "long_idle_in_transaction"):
            continue
        ages_s = [float(age) for age in one.labels.get("ages", "").split()]
        own = 0
        for age_s in ages_s:
            since_ns = one.t_ns - age_s * NS_PER_S
            turns_s = (late_s for t_ns, late_s in late if since_ns <= t_ns and t_ns - late_s * NS_PER_S <= one.t_ns)
            own += age_s - max(turns_s, default=0.0) > one.fields["limit_s"]
        counts.append(own)
    return fmean(counts)


def _mean(samples: Sequence[Sample], metric: str) -> float:
    return fmean(sample.value for sample in samples if (sample.probe, sample.metric) == ("sessions", metric))


def _looks(samples: Sequence[Sample]) -> list[_Look]:
    in_use = [sample for sample in samples if (sample.probe, sample.metric) == ("pool", "in_use")]
    waiting = [sample for sample in samples if (sample.probe, sample.metric) == ("pool", "waiting")]
    return [
        _Look(in_use=round(held.value), holders=_counts(held), waiting=_counts(waits), places=held.places)
        for held, waits in zip(in_use, waiting, strict=False)  # the last may lie beyond the window's end
    ]


def _measured(evidence: Evidence, looks: Sequence[_Look]) -> dict[str, Quantity]:
    """Return how often a request waited, how old the connections were in the end, and how many came and went."""
    counts = Counter(sample.metric for sample in evidence.samples if sample.probe == "pool")
    values = {
        **in_unit("looks", short=sum(look.short(evidence.target) for look in looks), looks=len(looks)),
        **in_unit("waits", timed_out=counts["timed_out"]),
    }
    if another := sum(look.holders["connection"] > 0 for look in looks):
        values |= in_unit("looks", another=another)
    for last in [sample for sample in evidence.samples if (sample.probe, sample.metric) == ("pool", "open")][-1:]:
        values |= in_unit("connections", open=last.value, opened=counts["opened"], closed=counts["closed"])
        values |= in_unit("s", youngest=last.fields["youngest_s"], oldest=last.fields["oldest_s"])
    return values


def _counts(sample: Sample) -> Counter[str]:
    """Return how many there are of each kind; all fields of a look are counts, but for an age."""
    return Counter({name: int(count) for name, count in sample.fields.items() if name != "longest_s"})
