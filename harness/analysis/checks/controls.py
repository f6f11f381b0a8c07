"""Do the checks catch what they must, and nothing else? A flaw fails what it names, a twin nothing."""

from __future__ import annotations

from harness.model.findings import ControlRow, Finding, Findings, known_facts
from harness.model.verdict import Verdict


def check_control(row: ControlRow) -> Findings:
    """Compare what the checks said of a target with what is known of it."""
    failed = sorted(check for check, verdict in row.verdicts.items() if verdict is Verdict.FAIL)
    missed = sorted(set(row.expected) - set(failed))
    besides = sorted(set(failed) - set(row.expected) - set(row.besides))
    found = row.offence.place if row.offence else None
    placed = row.place is None or (found is not None and found.is_in(row.place))  # in the function that is to blame
    named: list[str] = []
    if not row.verdicts:
        verdict, code = Verdict.UNDECIDED, "not_tried"
    elif missed:
        verdict, code, named = Verdict.FAIL, "not_caught", missed
    elif not placed:
        verdict, code = Verdict.FAIL, "place_not_named"
    elif besides:
        verdict, code, named = Verdict.FAIL, "failed_besides", besides
    elif row.expected:
        verdict, code, named = Verdict.PASS, "caught", [*row.expected]
    else:
        verdict, code = Verdict.PASS, "not_accused"
    yield Finding(
        check="controls",
        verdict=verdict,
        code=code,
        facts={
            **row.verdicts,
            **known_facts(
                checks=", ".join(named), function=f"{row.place.file} {row.place.function}" if row.place else ""
            ),
        },
        place=found,
        count=len(missed) + len(besides) + (not placed) if row.verdicts else 0,
        first=row.offence,
        subject=row.target,
    )
