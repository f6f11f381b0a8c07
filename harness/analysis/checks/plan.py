"""Was the plan carried out? A run that ended early, or left something out, can't say what that would have shown."""

from __future__ import annotations

from harness.model.findings import Execution, Finding, Findings, in_unit
from harness.model.verdict import Verdict


def check_plan(execution: Execution) -> Findings:
    """Leave the verdict open for all that could not be done, was not done to its end, or has no check to answer for."""
    for reason in execution.not_done:
        yield Finding(check="plan", verdict=Verdict.UNDECIDED, code="left_out", facts={"reason": reason}, count=1)
    if not execution.complete or execution.done < execution.planned:
        yield Finding(
            check="plan",
            verdict=Verdict.UNDECIDED,
            code="run_incomplete",
            values=in_unit("trials", done=execution.done, planned=execution.planned),
            count=execution.planned - execution.done,
        )
    if not execution.checked:
        yield Finding(check="plan", verdict=Verdict.UNDECIDED, code="unchecked", count=execution.planned)
