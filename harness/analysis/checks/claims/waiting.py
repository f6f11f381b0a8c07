"""Is a query no faster in async, and do hundreds of requests wait without hundreds of threads?"""

from __future__ import annotations

from harness.analysis.checks.claims.finding import answered
from harness.model.claims import ClaimVerdict, MeasuredClaim
from harness.model.findings import Findings, in_unit
from harness.model.measures import of_interval

WAITING = "async, 256 waiting"
IN_THREADS = "sync, 256 waiting, 256 threads at most"
IN_FEW = "sync, 256 waiting, 40 threads at most"
AS_FAST = 0.95  # of the time of a query: two runs of one thing differ by less
MOST_THREADS = 8
MOST_OF_FEW = 0.5  # of the time that 40 threads take
TURNS_S = 5.0  # those go through 256 requests in seven turns of a second
SERVED = "until all were served"


def check_waiting(claim: MeasuredClaim) -> Findings:
    """Compare the times of a query, and threads and time of many that wait."""
    ratio = claim.interval("one query", "async/sync")
    threads, took_s = claim.value(WAITING, "threads"), claim.value(WAITING, SERVED)
    low, high = ratio.low, ratio.high
    few_s = claim.value(IN_FEW, SERVED)
    if few_s < TURNS_S:
        said = ClaimVerdict.CONTROL_FAILED
    elif (high is not None and high < AS_FAST) or threads > MOST_THREADS:
        said = ClaimVerdict.DOES_NOT_HOLD
    elif low is None or low < AS_FAST or took_s > MOST_OF_FEW * few_s:
        said = ClaimVerdict.UNDECIDED
    else:
        said = ClaimVerdict.HOLDS
    values = (
        of_interval("ratio", ratio)
        | in_unit("threads", threads=threads, in_threads=claim.value(IN_THREADS, "threads"))
        | in_unit("MiB", memory=claim.value(WAITING, "memory"), memory_in_threads=claim.value(IN_THREADS, "memory"))
        | in_unit("s", took=took_s, took_few=few_s, took_threads=claim.value(IN_THREADS, SERVED))
        | in_unit("share", least=AS_FAST, most=MOST_OF_FEW)
    )
    yield answered(claim, said, values)
