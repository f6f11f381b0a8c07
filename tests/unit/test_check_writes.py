"""The check of writes: what clients were told against what is stored."""

from dataclasses import replace

import pytest

from harness.analysis.checks.writes import check_writes
from harness.model.evidence import Evidence
from harness.model.ledger import Effects, Ledger
from harness.model.verdict import Verdict
from harness.report.sentences.findings import FindingText
from targets.workload import WORKLOAD
from tests.evidence import evidence, ledger, one, op, told

KEY = op(0).key
HISTORIES = {
    # name: (outcome told, rows in users, posts, audit_log, what the check must say)
    "told ok, all there": ("ok", (1, 2, 1), ""),
    "told ok, nothing there": ("ok", (0, 0, 0), "lost"),
    "told ok, no user": ("ok", (0, 2, 1), "partial"),
    "told ok, one post missing": ("ok", (1, 1, 1), "partial"),
    "told ok, no audit row": ("ok", (1, 2, 0), "partial"),
    "told ok, a post too many": ("ok", (1, 3, 1), "duplicate"),
    "told ok, twice": ("ok", (2, 4, 2), "duplicate"),
    "refused, nothing there": ("fail", (0, 0, 0), ""),
    "refused, yet there": ("fail", (1, 2, 1), "ghost"),
    "refused, half there": ("fail", (1, 0, 0), "partial"),
    "never sent, nothing there": ("unsent", (0, 0, 0), ""),
    "never sent, yet there": ("unsent", (1, 2, 1), "ghost"),
    "unknown, nothing there": ("unknown", (0, 0, 0), ""),
    "unknown, all there": ("unknown", (1, 2, 1), ""),
    "unknown, half there": ("unknown", (1, 2, 0), "partial"),
    "unknown, twice": ("unknown", (1, 2, 2), "duplicate"),
}


def writes(history: Evidence) -> FindingText:
    """What the check of writes says of a history, in words."""
    return told(check_writes(history))


@pytest.mark.parametrize(("outcome", "rows", "offence"), HISTORIES.values(), ids=HISTORIES)
def test_what_was_told_against_what_is_stored(outcome: str, rows: tuple[int, int, int], offence: str) -> None:
    other = op(1)  # so that some write succeeded
    history = evidence(op(0, outcome), other, ledger=ledger((KEY, *rows), (other.key, 1, 2, 1)))
    finding = one(check_writes(history))
    assert (finding.verdict, finding.code) == (("fail", offence) if offence else ("pass", "whole"))
    assert (finding.first is not None) == bool(offence)
    assert told([finding]).first.startswith(f"{offence}: key {KEY}" if offence else "")


def test_rows_that_nobody_wrote_are_phantoms() -> None:
    found = writes(evidence(op(0), ledger=ledger((KEY, 1, 2, 1), ("f" * 32, 0, 0, 1))))
    assert found.first.startswith("phantom")


def test_a_phantom_is_shown_with_the_rows_that_it_has() -> None:
    found = writes(evidence(op(0), ledger=ledger((KEY, 1, 2, 1), ("f" * 32, 0, 3, 1))))
    assert found.first == f"phantom: key {'f' * 32}: sent by nobody, stored 0 in users, 3 in posts, 1 in audit_log"


def test_an_offence_is_shown_with_what_was_sent_and_told() -> None:
    torn = replace(op(0, "unknown"), status=0, error="the connection broke")
    assert writes(evidence(torn, op(1), ledger=ledger((KEY, 1, 0, 0), (op(1).key, 1, 2, 1)))).first == (
        f"partial: key {KEY}: create_user #0, told unknown the connection broke,"
        " stored 1 in users, 0 in posts, 0 in audit_log; asked for POST /create_user"
    )
    answered = replace(op(0, "unknown"), error="it crashed")
    assert "told unknown 500, stored" in (
        writes(evidence(answered, op(1), ledger=ledger((KEY, 1, 0, 0), (op(1).key, 1, 2, 1)))).first
    )


def test_the_worst_has_the_most_rows() -> None:
    keys = [op(number).key for number in range(3)]
    rows = ledger((keys[0], 1, 2, 0), (keys[1], 1, 0, 0), (keys[2], 2, 2, 1))
    found = writes(evidence(op(0), op(1), op(2), ledger=rows))
    assert (found.count, found.summary) == (3, "Writes are duplicate, partial")
    assert (found.first.split(":")[1], found.worst.split(":")[1]) == (f" key {keys[0]}", f" key {keys[2]}")


def test_all_writes_are_counted_and_nothing_but_writes() -> None:
    rows = ledger((KEY, 1, 2, 1))
    found = writes(evidence(op(0), op(1, "fail"), op(2, "fail"), op(3, name="get_user", key=""), ledger=rows))
    assert (found.verdict, found.measured) == (Verdict.PASS, "3 writes, 1 acknowledged, 2 refused")
    nothing = writes(evidence(op(3, name="get_user", key=""), ledger=ledger()))
    assert (nothing.summary, nothing.measured) == ("No write ever succeeded", "0 writes")
    never = writes(evidence(op(0, "fail"), op(1, "unknown", name="create_post"), ledger=ledger()))
    assert never.summary == "create_post, create_user never succeeded"


def test_a_write_is_named_if_any_of_its_requests_was() -> None:
    unnamed = op(0, "unknown", name="create_post")
    retried = replace(op(1, name="create_post", key=unnamed.key), named=True)
    rows = {"posts": {unnamed.key: 1}, "audit_log": {unnamed.key: 1}, "replays": {unnamed.key: 1}}
    assert (
        writes(evidence(unnamed, retried, ledger=Ledger(rows=rows, effects=Effects.of(WORKLOAD)))).verdict
        is Verdict.PASS
    )


def test_no_green_where_no_write_succeeded() -> None:
    assert writes(evidence(op(0, "unknown"))).verdict is Verdict.UNDECIDED
