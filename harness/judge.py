"""Evidence to findings: hand each trial to the checks that its scenario names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.checks.answers import check_answers
from harness.checks.cuts import check_cuts
from harness.checks.distance import check_distance
from harness.checks.programme import check_balances, check_bite, check_deadline, check_recovery
from harness.checks.record import check_record
from harness.checks.resends import check_resends
from harness.checks.tuning import check_tuning
from harness.checks.writes import check_writes
from harness.findings import Analysis, Check, Finding
from harness.model import Evidence, Verdict
from harness.store import RunRecord, Store

CHECKS: Mapping[str, Check] = {
    "record": check_record,
    "resends": check_resends,
    "answers": check_answers,
    "distance": check_distance,
    "writes": check_writes,
    "bite": check_bite,
    "balances": check_balances,
    "deadline": check_deadline,
    "recovery": check_recovery,
}


def judge(store: Store, record: RunRecord, analysis: Analysis) -> tuple[Finding, ...]:
    """Judge the cuts, every trial that was begun, the tuning of the twins, and whether the plan was carried out."""
    cut_map = store.cuts()
    findings: list[Finding] = list(check_cuts(cut_map)) if cut_map else []
    begun = [evidence for trial in record.plan.trials if (evidence := store.evidence(trial, record))]
    for evidence in begun:
        findings += judge_trial(evidence)
    findings += _judge_tuning(record, analysis)
    findings += [
        Finding(check="plan", verdict=Verdict.UNDECIDED, summary=sentence, count=1) for sentence in record.not_done
    ]
    done = sum(evidence.complete for evidence in begun)
    if store.duration_s() is None or done < len(record.plan.trials):
        findings.append(
            Finding(
                check="plan",
                verdict=Verdict.UNDECIDED,
                summary="The run did not come to its end",
                measured=f"{done} trials",
                limit=f"{len(record.plan.trials)} planned",
                count=len(record.plan.trials) - done,
            )
        )
    return tuple(findings)


def judge_trial(evidence: Evidence, checks: Mapping[str, Check] = CHECKS) -> Iterator[Finding]:
    """Judge one trial. A check that crashes has decided nothing, and says how it crashed."""
    for name in evidence.scenario.checks:
        try:
            yield checks[name](evidence)
        except Exception as error:  # noqa: BLE001 - whatever a check does, it must not pass
            yield Finding(
                check=name,
                verdict=Verdict.UNDECIDED,
                summary=f"The check crashed: {type(error).__name__}: {error}",
                count=1,
                trial=evidence.trial.id,
            )


def _judge_tuning(record: RunRecord, analysis: Analysis) -> Iterator[Finding]:
    if {"async", "sync"} - set(record.plan.targets) or "ping" not in record.plan.profile.scenarios:
        return
    pings = [c for c in analysis.comparisons if c.scenario == "ping" and c.metric == "throughput"]
    if pings:
        yield check_tuning(pings[0])
    else:
        yield Finding(check="tuning", verdict=Verdict.UNDECIDED, summary="GET /ping was not compared", count=1)
