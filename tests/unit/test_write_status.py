"""The rule of what may become of a write: hand-written histories, and all small ones against a brute-force oracle."""

from collections.abc import Mapping
from itertools import combinations, product

import pytest

from harness.model.ledger import Effects
from harness.model.request_record import Outcome
from harness.model.write_status import OFFENCES, WriteStatus, status_of_write
from targets.workload import WORKLOAD

OK, FAIL, UNKNOWN, UNSENT = Outcome.OK, Outcome.FAIL, Outcome.UNKNOWN, Outcome.UNSENT
TABLES = ("users", "posts", "audit_log", "transfers", "replays")
USER = {"users": 1, "posts": 2, "audit_log": 1}
POST = {"posts": 1, "audit_log": 1}
MOVE = {"transfers": 1, "audit_log": 1}
NAMED = {"replays": 1}
EFFECTS = Effects.of(WORKLOAD)

# name: (operation, told, stored, named, status); a near miss stands beside each rule
HISTORIES: dict[str, tuple[str, tuple[Outcome, ...], Mapping[str, int], bool, WriteStatus]] = {
    # good
    "done and there": ("create_user", (OK,), USER, False, WriteStatus.ACKNOWLEDGED),
    "a post, done and there": ("create_post", (OK,), POST, False, WriteStatus.ACKNOWLEDGED),
    "a change, done and there": ("change_user", (OK,), {"audit_log": 1}, False, WriteStatus.ACKNOWLEDGED),
    "a removal, done and there": ("remove_user", (OK,), {"audit_log": 1}, False, WriteStatus.ACKNOWLEDGED),
    "a transfer, done and there": ("transfer", (OK,), MOVE, False, WriteStatus.ACKNOWLEDGED),
    "refused and not there": ("create_user", (FAIL,), {}, False, WriteStatus.REFUSED),
    "never sent and not there": ("create_user", (UNSENT,), {}, False, WriteStatus.REFUSED),
    "unknown, all there": ("create_user", (UNKNOWN,), USER, False, WriteStatus.COMMITTED),
    "unknown, none there": ("create_user", (UNKNOWN,), {}, False, WriteStatus.ROLLED_BACK),
    "unknown transfer, there": ("transfer", (UNKNOWN,), MOVE, False, WriteStatus.COMMITTED),
    "unknown transfer, not there": ("transfer", (UNKNOWN,), {}, False, WriteStatus.ROLLED_BACK),
    "zeros are none": ("create_user", (FAIL,), dict.fromkeys(TABLES, 0), False, WriteStatus.REFUSED),
    "in doubt, then done": ("create_user", (UNKNOWN, OK), {**USER, **NAMED}, True, WriteStatus.ACKNOWLEDGED),
    "in doubt, then refused, there": ("create_user", (UNKNOWN, FAIL), USER, False, WriteStatus.COMMITTED),
    "in doubt, then refused, not there": ("create_user", (UNKNOWN, FAIL), {}, False, WriteStatus.ROLLED_BACK),
    "in doubt, then unsent": ("create_post", (UNKNOWN, UNSENT), {}, True, WriteStatus.ROLLED_BACK),
    "refused, then done": ("create_post", (FAIL, OK), POST, False, WriteStatus.ACKNOWLEDGED),
    "named, with its answer": ("create_post", (OK,), {**POST, **NAMED}, True, WriteStatus.ACKNOWLEDGED),
    "named, unknown, with its answer": ("transfer", (UNKNOWN,), {**MOVE, **NAMED}, True, WriteStatus.COMMITTED),
    "twice in doubt, there once": ("transfer", (UNKNOWN, UNKNOWN), {**MOVE, **NAMED}, True, WriteStatus.COMMITTED),
    # lost
    "done, nothing there": ("create_user", (OK,), {}, False, WriteStatus.LOST),
    "a post done, nothing there": ("create_post", (OK,), {}, False, WriteStatus.LOST),
    "a change done, nothing there": ("change_user", (OK,), {}, False, WriteStatus.LOST),
    "a removal done, nothing there": ("remove_user", (OK,), {}, False, WriteStatus.LOST),
    "a transfer done, nothing there": ("transfer", (OK,), {}, False, WriteStatus.LOST),
    "in doubt, then done, nothing there": ("transfer", (UNKNOWN, OK), {}, True, WriteStatus.LOST),
    "done, then refused, nothing there": ("create_user", (OK, FAIL), {}, False, WriteStatus.LOST),
    "done, zeros there": ("create_post", (OK,), dict.fromkeys(TABLES, 0), False, WriteStatus.LOST),
    # ghost
    "refused, all there": ("create_user", (FAIL,), USER, False, WriteStatus.GHOST),
    "a post refused, all there": ("create_post", (FAIL,), POST, False, WriteStatus.GHOST),
    "a change refused, there": ("change_user", (FAIL,), {"audit_log": 1}, False, WriteStatus.GHOST),
    "a removal refused, there": ("remove_user", (FAIL,), {"audit_log": 1}, False, WriteStatus.GHOST),
    "a transfer refused, there": ("transfer", (FAIL,), MOVE, False, WriteStatus.GHOST),
    "never sent, all there": ("create_user", (UNSENT,), USER, False, WriteStatus.GHOST),
    "refused twice, there": ("create_post", (FAIL, FAIL), {**POST, **NAMED}, True, WriteStatus.GHOST),
    "unsent and refused, there": ("transfer", (UNSENT, FAIL), MOVE, False, WriteStatus.GHOST),
    # partial, whatever was told
    "done, no user": ("create_user", (OK,), {"posts": 2, "audit_log": 1}, False, WriteStatus.PARTIAL),
    "done, one post": ("create_user", (OK,), {**USER, "posts": 1}, False, WriteStatus.PARTIAL),
    "done, no post": ("create_user", (OK,), {**USER, "posts": 0}, False, WriteStatus.PARTIAL),
    "done, no audit row": ("create_user", (OK,), {"users": 1, "posts": 2}, False, WriteStatus.PARTIAL),
    "done, only the user": ("create_user", (OK,), {"users": 1}, False, WriteStatus.PARTIAL),
    "done, only the audit row": ("create_user", (OK,), {"audit_log": 1}, False, WriteStatus.PARTIAL),
    "unknown, no audit row": ("create_user", (UNKNOWN,), {"users": 1, "posts": 2}, False, WriteStatus.PARTIAL),
    "unknown, only a post": ("create_user", (UNKNOWN,), {"posts": 1}, False, WriteStatus.PARTIAL),
    "refused, only the user": ("create_user", (FAIL,), {"users": 1}, False, WriteStatus.PARTIAL),
    "never sent, only the user": ("create_user", (UNSENT,), {"users": 1}, False, WriteStatus.PARTIAL),
    "a post without its audit row": ("create_post", (OK,), {"posts": 1}, False, WriteStatus.PARTIAL),
    "an audit row without its post": ("create_post", (UNKNOWN,), {"audit_log": 1}, False, WriteStatus.PARTIAL),
    "a transfer without its audit row": ("transfer", (OK,), {"transfers": 1}, False, WriteStatus.PARTIAL),
    "an audit row without its transfer": ("transfer", (UNKNOWN,), {"audit_log": 1}, False, WriteStatus.PARTIAL),
    "named, without its answer": ("create_post", (OK,), POST, True, WriteStatus.PARTIAL),
    "named, only its answer": ("create_post", (UNKNOWN,), NAMED, True, WriteStatus.PARTIAL),
    "named, its answer and half": ("transfer", (UNKNOWN,), {**NAMED, "transfers": 1}, True, WriteStatus.PARTIAL),
    # duplicate, whatever else
    "done, twice there": ("create_user", (OK,), {"users": 2, "posts": 4, "audit_log": 2}, False, WriteStatus.DUPLICATE),
    "done, a post too many": ("create_user", (OK,), {**USER, "posts": 3}, False, WriteStatus.DUPLICATE),
    "done, two audit rows": ("create_user", (OK,), {**USER, "audit_log": 2}, False, WriteStatus.DUPLICATE),
    "unknown, twice there": ("create_post", (UNKNOWN,), {"posts": 2, "audit_log": 2}, False, WriteStatus.DUPLICATE),
    "retried, twice there": ("create_post", (UNKNOWN, OK), {"posts": 2, "audit_log": 2}, False, WriteStatus.DUPLICATE),
    "retried under a name, twice there": (
        *("transfer", (UNKNOWN, OK), {"transfers": 2, "audit_log": 2, "replays": 1}, True, WriteStatus.DUPLICATE),
    ),
    "refused, twice there": ("transfer", (FAIL,), {"transfers": 2, "audit_log": 2}, False, WriteStatus.DUPLICATE),
    "too many of one, none of another": ("create_post", (OK,), {"posts": 2}, False, WriteStatus.DUPLICATE),
    "a row where none is owed": ("create_post", (OK,), {**POST, "users": 1}, False, WriteStatus.DUPLICATE),
    "an answer kept though unnamed": ("create_post", (OK,), {**POST, **NAMED}, False, WriteStatus.DUPLICATE),
    "two answers kept": ("create_post", (OK,), {**POST, "replays": 2}, True, WriteStatus.DUPLICATE),
    "a change in two tables": ("change_user", (OK,), {"audit_log": 1, "posts": 1}, False, WriteStatus.DUPLICATE),
}


def test_there_are_enough_of_them_and_most_are_bad() -> None:
    bad = [name for name, case in HISTORIES.items() if case[-1] in OFFENCES]
    assert len(HISTORIES) >= 60
    assert len(bad) >= 40


@pytest.mark.parametrize("case", HISTORIES.values(), ids=HISTORIES)
def test_what_became_of_it(case: tuple[str, tuple[Outcome, ...], Mapping[str, int], bool, WriteStatus]) -> None:
    operation, told, rows, named, status = case
    assert status_of_write(EFFECTS.owed(operation, named=named), set(told), rows) == status


def test_a_write_that_nobody_sent_is_no_write() -> None:
    with pytest.raises(ValueError, match="nobody sent"):
        status_of_write(USER, set(), USER)


def test_an_operation_that_nobody_described_is_an_error() -> None:
    with pytest.raises(KeyError):
        EFFECTS.owed("create_everything")


def allowed(operation: str, told: frozenset[Outcome], named: bool) -> set[tuple[int, ...]]:  # noqa: FBT001 - an input
    """What the ledger may show, written out from the design's table and nothing else."""
    whole = tuple({**EFFECTS.rows[operation], **(NAMED if named else {})}.get(table, 0) for table in TABLES)
    nothing = (0,) * len(TABLES)
    if OK in told:
        return {whole}
    if UNKNOWN in told:
        return {whole, nothing}
    return {nothing}


def test_an_offence_is_exactly_what_the_design_does_not_allow() -> None:
    """In all histories of up to three rows in each table: each operation, each set of outcomes, named or not."""
    stored = list(product(range(4), repeat=len(TABLES)))
    judged = 0
    for operation, count, named in product(EFFECTS.rows, range(1, len(Outcome) + 1), (False, True)):
        owed = {**EFFECTS.rows[operation], **(NAMED if named else {})}
        for told in map(frozenset, combinations(Outcome, count)):
            good = allowed(operation, told, named)
            for rows in stored:
                status = status_of_write(owed, told, dict(zip(TABLES, rows, strict=True)))
                assert (status not in OFFENCES) == (rows in good), (operation, told, named, rows)
                judged += 1
    assert judged == len(EFFECTS.rows) * 15 * 2 * 4**5
