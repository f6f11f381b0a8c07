"""Do the checks catch what they must, and nothing else? A flaw fails what it names, a twin nothing."""

from __future__ import annotations

import re

from harness.model.findings import ControlRow, Finding
from harness.model.outcome import Verdict


def check_control(row: ControlRow) -> Finding:
    """Hold what the checks said of a target against what is known of it."""
    failed = sorted(check for check, verdict in row.verdicts.items() if verdict is Verdict.FAIL)
    missed = sorted(set(row.expected) - set(failed))
    besides = sorted(set(failed) - set(row.expected) - set(row.besides))
    if not row.verdicts:
        verdict, summary = Verdict.UNDECIDED, "It was not tried"
    elif missed:
        verdict, summary = Verdict.FAIL, f"It was not caught by {', '.join(missed)}"
    elif not _named(row):
        verdict, summary = Verdict.FAIL, f"It was caught, and {row.place} was not named"
    elif besides:
        verdict, summary = Verdict.FAIL, f"It failed {', '.join(besides)}, which is not known of it"
    elif row.expected:
        verdict, summary = Verdict.PASS, f"It was caught by {', '.join(row.expected)}"
    else:
        verdict, summary = Verdict.PASS, "No check failed it"
    return Finding(
        check="controls",
        verdict=verdict,
        summary=summary,
        measured=", ".join(f"{check} {said}" for check, said in row.verdicts.items()),
        count=len(missed) + len(besides) + (not _named(row)) if row.verdicts else 0,
        first=row.offence,
        trial=row.target,
    )


def _named(row: ControlRow) -> bool:
    """Whether the offence begins with a line of the function that is to blame, where there is one: "file.py:7 f"."""
    file, _, function = row.place.partition(" ")
    return not file or re.match(rf"{re.escape(file)}:\d+ {re.escape(function)}\b", row.offence) is not None
