"""Was all as before once the fault was healed: writes served, and nothing kept that is to be given back?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from math import inf

from harness.analysis.checks.cut_map import case_of_cut
from harness.analysis.checks.writes import with_write
from harness.model.cut_map import CutMap
from harness.model.evidence import Evidence
from harness.model.findings import Case, Finding, Findings, in_unit
from harness.model.request_record import Op, Outcome
from harness.model.verdict import Verdict
from harness.model.write_status import recovered_s

MIN_SENT = 5
LEAST_SERVED = 0.5  # of the later half of what was sent: of two workers one may be broken for good
MOST_TRIES = 2  # a pool learns of a dead connection from the first request that uses it


def check_recovery(evidence: Evidence) -> Findings:
    """See that after the heal every kind of write is served again, and that nothing was kept that is to be given back.

    That is: no session in a transaction, and no connection checked out of its pool, ten seconds after the heal.
    Served means done, or refused for what it asked (4xx), as half of the later half of a kind is to be at least; one
    that was hardly sent is not judged.
    """
    left, out = evidence.reading("left_in_transaction"), evidence.reading("left_checked_out")
    offences: list[Case] = []
    after_s = recovered_s(evidence)
    if not evidence.faults or not evidence.complete:
        verdict, code = Verdict.UNDECIDED, "no_fault_healed"
    elif left is None or out is None:
        verdict, code = Verdict.UNDECIDED, "leftovers_not_counted"
    else:
        offences = list(_unserved(evidence))  # first, as they show a write
        if left:
            offences.append(Case(code="sessions_left_in_transaction", values=in_unit("sessions", left=left)))
        if out:
            offences.append(Case(code="connections_never_returned", values=in_unit("connections", left=out)))
        if after_s is None:
            offences.append(Case(code="no_write_after_heal"))
        verdict, code = (Verdict.FAIL, "not_recovered") if offences else (Verdict.PASS, "recovered")
    yield Finding(
        check="recovery",
        verdict=verdict,
        code=code,
        values={} if after_s is None else in_unit("s", recovered_after=after_s),
        count=len(offences),
        first=offences[0] if offences else None,
        worst=offences[-1] if offences else None,
        subject=evidence.trial.id,
    )


def check_recovery_of_cuts(cut_map: CutMap) -> Findings:
    """See that after every cut the target served again, at the second request at the latest."""
    cuts = cut_map.cuts
    slow = [cut for cut in cuts if not 1 <= cut.recovered_after <= MOST_TRIES]
    if not cuts:
        verdict, code = Verdict.UNDECIDED, "nothing_cut"
    elif slow:
        verdict, code = Verdict.FAIL, "not_served_again"
    else:
        verdict, code = Verdict.PASS, "served_again"
    at_once, at_second = (sum(cut.recovered_after == tries for cut in cuts) for tries in (1, MOST_TRIES))
    worst = max(slow, key=lambda cut: cut.recovered_after or inf, default=None)  # 0 is never
    yield Finding(
        check="recovery",
        verdict=verdict,
        code=code,
        values=in_unit("cuts", at_once=at_once, at_second=at_second, cuts=len(cuts))
        | in_unit("requests", limit=MOST_TRIES),
        count=len(slow),
        first=case_of_cut(slow[0]) if slow else None,
        worst=case_of_cut(worst) if worst else None,
    )


def _unserved(evidence: Evidence) -> Iterator[Case]:
    """Find the kinds of write that were sent after the heal and not served in the end, with the last of each."""
    healed_ns = evidence.faults[0].healed_ns
    after: dict[str, list[Op]] = defaultdict(list)
    for op in sorted(evidence.ops, key=lambda op: op.started_ns):
        if op.key and op.started_ns >= healed_ns:
            after[op.name].append(op)
    for name, sent in sorted(after.items()):
        later = sent[len(sent) // 2 :]
        if not any(map(_served, sent)):
            offence, judged = "operation_not_served", sent
        elif sum(map(_served, later)) < LEAST_SERVED * len(later):
            offence, judged = "operation_hardly_served", later
        else:
            continue
        if len(judged) >= MIN_SENT:
            unserved = [op for op in judged if not _served(op)]
            values = in_unit("requests", sent=len(judged), served=len(judged) - len(unserved))
            yield with_write(Case(code=offence, facts={"operation": name}, values=values), unserved[-1], evidence)


def _served(op: Op) -> bool:
    return op.outcome is Outcome.OK or 400 <= op.status < 500  # noqa: PLR2004 - RFC 9110
