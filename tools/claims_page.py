"""Writes docs/claims.md: every claim, its method and what decides, and what a stored run says of it.

    python -m tools.claims_page [RUN]...

What runs saw of a claim takes the place of what is stored of it, in docs/claims.json; without one the page is made of
that again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter

from harness.analysis.claims import measured_claims
from harness.analysis.judge import judge_claims
from harness.experiments.claims.catalog import CLAIMS
from harness.model.claims import Claim, ClaimEvidence, Listing
from harness.model.findings import Finding
from harness.report.claims import verdict_of
from harness.report.sentences.findings import finding_text
from harness.store import Store

DOCS = Path(__file__).parents[1] / "docs"
EVIDENCE, PAGE = DOCS / "claims.json", DOCS / "claims.md"
HEAD = """# Claims

What an article says of FastAPI, SQLAlchemy, asyncpg, PostgreSQL and Alembic in production, put to the test by
[`twinbench claims`](cli.md#twinbench-claims-name). Each claim, its method and what decides were written before its
result. Five were changed after a first, undecided or confounded one, and measured anew: the margin of `waiting`, the
measure of `blocked_loop`, what `session_closed` counts, how many pages `loading` needs, and where the routes of
`layers` stand. The verdicts are those of one stored run, for the versions that stand with each; `make claims` makes
them again on your machine.

This page is made by `python -m tools.claims_page` of the experiments and of that run, and a test holds it against both.
"""


def stored() -> tuple[ClaimEvidence, ...]:
    """Return the evidence of the stored run."""
    return TypeAdapter(tuple[ClaimEvidence, ...]).validate_json(EVIDENCE.read_bytes())


def page(evidence: Sequence[ClaimEvidence]) -> str:
    """Return the page that is made of some evidence."""
    claims = measured_claims(evidence)
    found = {finding.check: finding for finding in judge_claims(claims)}
    versions = {one.claim.name: one.versions for one in evidence}
    return "\n".join([HEAD, *_table(found), *_claims(found, versions)])


def _table(found: Mapping[str, Finding]) -> Iterator[str]:
    yield "| | claim | verdict |"
    yield "|---|---|---|"
    for name, test in CLAIMS.items():
        verdict = verdict_of(found[name]) if name in found else "not in the stored run"
        yield f"| {test.claim.number} | {test.claim.says} | {verdict} |"
    yield ""


def _claims(found: Mapping[str, Finding], versions: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    for name, test in CLAIMS.items():
        claim: Claim = test.claim
        yield f"## {claim.number}. `{name}`\n\n{claim.says}\n"
        yield f"**How.** {claim.method}\n\n**What decides.** {claim.measure}\n"
        if name in found:
            told = finding_text(found[name])
            measured = f" Measured: {told.measured}." if told.measured else ""
            yield f"**It {_said(found[name])}.** {told.summary}.{measured}\n"
            yield f"With {', '.join(f'{library} {version}' for library, version in versions[name].items())}.\n"
        listings: tuple[Listing, ...] = test.begun().code
        files = dict.fromkeys(listing.file for listing in listings)
        yield f"Code: {', '.join(f'`{file}`' for file in files)}. Alone: `twinbench claims {name}`.\n"


def _said(finding: Finding) -> str:
    verdict = verdict_of(finding)
    return f"is {verdict}" if verdict == "undecided" else verdict


def keep(folder: Path) -> None:
    """Take over what a run saw of each claim, without the code that it ran, which is in the repository."""
    known = {one.claim.name: one for one in stored()} if EVIDENCE.exists() else {}
    known |= {one.claim.name: replace(one, code=()) for one in Store.open(folder).claims() if one.complete}
    ordered = tuple(known[name] for name in CLAIMS if name in known)
    EVIDENCE.write_bytes(TypeAdapter(tuple[ClaimEvidence, ...]).dump_json(ordered, indent=1) + b"\n")


if __name__ == "__main__":
    for word in sys.argv[1:]:
        keep(Path(word))
    PAGE.write_text(page(stored()), encoding="utf-8")
