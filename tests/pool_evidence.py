"""Looks at a pool and what PostgreSQL says of its sessions, written by hand, and what the check makes of them."""

from dataclasses import replace
from math import ceil, floor

from harness.analysis.checks.pool import check_pool
from harness.model.evidence import Evidence, Sample
from harness.report.sentences.findings import FindingText
from tests.evidence import TARGET, evidence, op, place, sample, told

LOOKS = 20
LONG_S = 0.05
POOL, THREADS = 4, 4
OF_WAITS = ("connection", "thread", "elsewhere", "in_thread", "full", "capacity", "spare")
Look = tuple[Sample, Sample]


def look(
    holders: dict[str, int] | None = None,
    waiting: dict[str, int] | None = None,
    call_site: str = "",
    asks: str = "",
    wants: str = "",
) -> Look:
    """One look: what holders do, and what those without a connection wait for."""
    held = holders or {}
    at = {
        name: place(text) if text else None
        for name, text in {"call_site": call_site, "asks": asks, "wants": wants}.items()
    }
    waits = {name: (waiting or {}).get(name, 0) for name in OF_WAITS}
    return (
        sample("pool", "in_use", sum(held.values()), longest_s=0.1, **at, **held),
        sample("pool", "waiting", sum(waits.values()), **waits),
    )


def sessions(
    *, active: float = 0, long_active: float = 0, long_idle: float = 0, idle: float = 0, age_s: float = 0.2
) -> tuple[Sample, ...]:
    """What PostgreSQL says, in two readings; each that is ``idle`` long enough to be told is so for ``age_s``."""
    readings = (floor(long_idle), ceil(long_idle))
    return (
        sample("sessions", "active", active),
        sample("sessions", "long_active", long_active),
        sample("sessions", "idle_in_transaction", max(idle, long_idle)),
        *(
            sample("sessions", "long_idle_in_transaction", count, limit_s=LONG_S, ages=" ".join([f"{age_s}"] * count))
            for count in readings
        ),
    )


CALM = look({"database": 2, "python": 1})
SHORT = look({"database": 3, "python": 1}, {"connection": 2, "elsewhere": 1})
ALL_ASK = look({"database": POOL}, {"connection": 5})


def seen(*looks: Look, said: tuple[Sample, ...] = sessions(), more: tuple[Sample, ...] = ()) -> Evidence:
    target = replace(TARGET, pool=POOL, threads=THREADS, probes=("pool",))
    samples = tuple(reading for both in looks for reading in both)
    return replace(evidence(op(0), samples=(*samples, *said, *more)), target=target)


def judged(trial: Evidence) -> FindingText:
    """What the check says of a trial, in words."""
    return told(check_pool(trial))


def found(*looks: Look, said: tuple[Sample, ...] = sessions()) -> FindingText:
    return judged(seen(*looks, said=said))
