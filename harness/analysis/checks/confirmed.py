"""Did the fault take effect, while a write was in the middle of its transaction? Else it has proved nothing."""

from __future__ import annotations

from harness.model.evidence import Evidence
from harness.model.findings import Finding, Findings, in_unit, known_facts
from harness.model.verdict import Verdict


def check_confirmed(evidence: Evidence) -> Findings:
    """Ask for the proof that the fault took effect, and that some write was in its transaction then."""
    proof = evidence.faults[0].proof if evidence.faults else ""
    within = evidence.reading("in_transaction") or 0
    if not evidence.faults:
        verdict, code = Verdict.UNDECIDED, "no_fault"
    elif not proof:
        verdict, code = Verdict.UNDECIDED, "unproven"
    elif not within:
        verdict, code = Verdict.UNDECIDED, "no_write_in_transaction"
    else:
        verdict, code = Verdict.PASS, "confirmed"
    yield Finding(
        check="confirmed",
        verdict=verdict,
        code=code,
        values=in_unit("transactions", in_transaction=within),
        facts=known_facts(proof=proof),
        subject=evidence.trial.id,
    )
