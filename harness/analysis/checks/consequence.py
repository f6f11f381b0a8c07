"""What only follows from something else: one cause has one finding, and the others refer to it.

An event loop that stands still is such a cause, and so are requests that wait for one another, and a machine that
leaves a process without a core.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from harness.analysis.checks.loop import MOST_WITHOUT_A_CORE
from harness.analysis.checks.waits import CODES
from harness.model.findings import Finding
from harness.model.verdict import Verdict

NOT_WATCHED = "not_watched"
# By check, what a loop that stands still brings about: nobody asks anything meanwhile, everybody waits, and no request
# comes to its end.
OF_A_LOOP_THAT_STANDS: Mapping[str, Collection[str]] = {
    "pool": ("too_few_threads", "transactions_idle", "pool_too_small", "connections_beyond_pool"),
    "requests": ("nothing_looked_into",),
    "n_plus_one": ("nothing_looked_into",),
    "waits": ("requests_not_watched",),
}
# What one that is known to stand brings about: whoever has a lock stands with it. Where it is only late, nobody knows.
OF_A_LOOP_THAT_FAILS: Mapping[str, Collection[str]] = {"waits": tuple(CODES.values())}
# What requests that wait for one another hold meanwhile: connections, with a transaction or a statement, and threads.
OF_WAITS: Mapping[str, Collection[str]] = {
    "pool": ("too_few_threads", "transactions_idle", "database_slow", "pool_too_small"),
}
# What a process brings about that has no core for most of the time: all that it does takes the longer, and is held for
# longer. Idle transactions are held against what the process took to give anybody a turn, by the check itself.
OF_A_STARVED_PROCESS: Mapping[str, Collection[str]] = {
    "pool": ("too_few_threads", "pool_too_small", "connections_beyond_pool"),
}
FOLLOWS = {  # what is said of it, by the cause: a check, or the machine
    "loop": "follows_from_loop",
    "waits": "follows_from_waits",
    "machine": "follows_from_machine",
}
RULES = (
    ("loop", {Verdict.FAIL, Verdict.UNDECIDED}, OF_A_LOOP_THAT_STANDS),
    ("loop", {Verdict.FAIL}, OF_A_LOOP_THAT_FAILS),
    ("waits", {Verdict.FAIL}, OF_WAITS),
)


def referred(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Leave open what may only follow from another finding, and name that one's code instead.

    Whether it would be there without is not known until the cause is mended. The findings are of one trial.
    """
    known = tuple(findings)
    for check, verdicts, follow in RULES:
        causes = [one.code for one in known if one.check == check and one.verdict in verdicts]
        cause = next((code for code in causes if code != NOT_WATCHED), "")
        if cause:
            known = tuple(
                _left_open(one, check, cause=cause) if one.code in follow.get(one.check, ()) else one for one in known
            )
    if any(map(_starved, known)):
        starved = OF_A_STARVED_PROCESS
        known = tuple(_left_open(one, "machine") if one.code in starved.get(one.check, ()) else one for one in known)
    return known


def _starved(finding: Finding) -> bool:
    """Whether the thread of the event loop, and so its process, was ready without a core for most of the window."""
    waited, window = (finding.values.get(name) for name in ("core_wait", "window"))
    if finding.check != "loop" or waited is None or window is None:
        return False
    return waited.value > MOST_WITHOUT_A_CORE * window.value


def _left_open(finding: Finding, by: str, **facts: str) -> Finding:
    return Finding(
        check=finding.check,
        verdict=Verdict.UNDECIDED,
        code=FOLLOWS[by],
        values=finding.values,
        facts=facts,
        count=1,
        subject=finding.subject,
    )
