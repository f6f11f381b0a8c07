"""The check of waits: what requests wait for one another at, its line, and the nearest neighbours that are sound."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from harness.analysis.checks.registry import judge_trial
from harness.analysis.checks.waits import CODES, LEAST_LOOKS, LOCKS, check_waits
from harness.model.evidence import Evidence, Sample
from harness.model.verdict import Verdict
from harness.probe.primitives import CONDITION, LOCK, QUEUE, SEMAPHORE
from harness.probe.turns import TURNS
from harness.probe.work_queues import EXECUTOR
from harness.report.sentences.findings import CHECKS, FindingText
from tests.evidence import MS, TARGET, evidence, one, op, place, sample, told, values

LOOKS = 20
READINGS = 6
AT, HELD = "users.py:7 read", "users.py:9 read"
UPDATE = "UPDATE users SET credits="
Look = tuple[Sample, ...]


def look(under_way: int = 16, *seen: Sample) -> Look:
    """How many requests were under way at a moment, and what some of them waited for."""
    return (sample("waits", "under_way", under_way), *seen)


def turn(count: int, kind: str = LOCK, at: str = AT, held_at: str = HELD) -> Sample:
    """So many requests wait at a line."""
    held = place(held_at) if held_at else None
    return sample("waits", "turn", count, kind=kind, call_site=place(at), held_at=held)


def asking(count: int, statement: str = UPDATE, at: str = AT) -> Sample:
    """So many requests wait for a statement."""
    return sample("waits", "asking", count, statement=statement, call_site=place(at), held_at=place(HELD))


def reading(number: int, *blocked: tuple[int, str, str]) -> Look:
    """What PostgreSQL says of its sessions at a moment: how many wait for which kind of lock, by which statement."""
    seen = [sample("sessions", "active", 5)]
    seen += [sample("sessions", "blocked", count, lock=lock, statement=statement) for count, lock, statement in blocked]
    return tuple(replace(each, t_ns=(100 + number) * MS) for each in seen)


QUIET = tuple(one for number in range(READINGS) for one in reading(number))


def seen(looks: Sequence[Look], sessions: Look = QUIET) -> Evidence:
    return evidence(op(0), samples=(*(each for one in looks for each in one), *sessions))


def found(looks: Sequence[Look], sessions: Look = QUIET) -> FindingText:
    """What the check says, in words."""
    return told(check_waits(seen(looks, sessions)))


def blocked(*each: tuple[int, str, str]) -> Look:
    """The same at every reading."""
    return tuple(one for number in range(READINGS) for one in reading(number, *each))


def test_requests_that_wait_for_nobody_pass() -> None:
    sound = found([look()] * LOOKS)
    assert (sound.verdict, sound.count, sound.first) == (Verdict.PASS, 0, "")
    assert sound.summary == "Requests hardly wait for one another"
    assert sound.measured == "20 looks; 16.0 requests under way"


def test_a_lock_that_lets_one_on_is_named_with_its_line_and_where_it_is_held() -> None:
    bad = found([look(16, turn(15))] * LOOKS)
    assert (bad.verdict, bad.count, bad.first) == (Verdict.FAIL, 1, AT)
    assert bad.summary == ("Requests wait for one another: a lock of the application's lets one of them on at a time")
    assert bad.measured == f"94% of all time (94% to 94%) at {AT}, held at {HELD}; 20 looks; 16.0 requests under way"
    assert bad.limit == "20% of all time at one place"


def test_a_lock_that_is_met_now_and_then_passes_and_is_told() -> None:
    sound = found([look(16, turn(2)), look()] * LOOKS)
    assert (sound.verdict, sound.first) == (Verdict.PASS, "")
    assert sound.measured.startswith("6% of all time")


@pytest.mark.parametrize(("waiting", "verdict"), [(20, Verdict.PASS), (21, Verdict.FAIL)])
def test_a_fifth_of_the_time_may_be_waited(waiting: int, verdict: Verdict) -> None:
    assert found([look(100, turn(waiting))] * LOOKS).verdict is verdict


def test_one_spell_of_waiting_is_no_verdict() -> None:
    """A cache that is filled once, by one request for all: for a quarter of a short trial."""
    spell = found([look(16, turn(15))] * 5 + [look()] * 15)
    assert (spell.verdict, spell.count) == (Verdict.UNDECIDED, 1)
    assert spell.summary == "Requests may wait for one another: there were too few looks to be sure"


def test_waits_at_several_places_are_not_added_up() -> None:
    apart = [look(100, turn(15), turn(15, at="b.py:1 other"), turn(15, SEMAPHORE))] * LOOKS
    assert found(apart).verdict is Verdict.PASS


def test_the_place_where_most_is_waited_is_named() -> None:
    both = [look(16, turn(5), turn(9, SEMAPHORE, at="b.py:1 other", held_at=""))] * LOOKS
    worst = one(check_waits(seen(both)))
    assert (worst.code, worst.place, worst.facts) == ("wait_for_a_semaphore", place("b.py:1 other"), {})


@pytest.mark.parametrize("kind", [LOCK, SEMAPHORE, CONDITION, QUEUE, EXECUTOR])
def test_each_kind_has_a_code_and_a_sentence(kind: str) -> None:
    finding = one(check_waits(seen([look(16, turn(12, kind))] * LOOKS)))
    assert (finding.verdict, finding.code) == (Verdict.FAIL, CODES[kind])
    assert CHECKS["waits"].summaries[finding.code].startswith("Requests wait for one another")


def test_the_check_knows_what_the_probe_tells() -> None:
    assert CODES.keys() == TURNS | set(LOCKS.values())
    assert set(CODES.values()) < CHECKS["waits"].summaries.keys()


@pytest.mark.parametrize(
    ("lock", "code"),
    [
        ("tuple", "wait_for_a_row"),
        ("transactionid", "wait_for_a_row"),
        ("advisory", "wait_for_an_advisory_lock"),
        ("relation", "wait_for_a_table"),
    ],
)
def test_a_lock_in_the_database_is_named_with_the_line_that_sends_the_statement(lock: str, code: str) -> None:
    looks = [look(16, asking(13), asking(2, "SELECT users.id", "b.py:1 other"))] * LOOKS
    finding = one(check_waits(seen(looks, blocked((12, lock, UPDATE)))))
    assert (finding.verdict, finding.code, finding.place) == (Verdict.FAIL, code, place(AT))
    assert values(finding)["waited"] == 0.75
    assert finding.facts == {"held": HELD, "statement": UPDATE}


def test_a_row_is_told_by_its_statement() -> None:
    bad = found([look(16, asking(14))] * LOOKS, blocked((13, "tuple", UPDATE), (1, "transactionid", UPDATE)))
    assert bad.summary == f"Requests wait for one another: transactions lock the same row, by {UPDATE} …"
    assert (bad.first, bad.measured[:18]) == (AT, "88% of all time (8")


def test_the_line_is_that_of_the_statement_that_waits_and_not_of_the_one_that_is_asked_most() -> None:
    looks = [look(16, asking(4), asking(12, "SELECT users.id", "b.py:1 other"))] * LOOKS
    finding = one(check_waits(seen(looks, blocked((5, "tuple", UPDATE)))))
    assert (finding.verdict, finding.place) == (Verdict.FAIL, place(AT))


def test_a_statement_that_no_line_was_seen_to_send_has_no_line() -> None:
    finding = one(check_waits(seen([look()] * LOOKS, blocked((12, "tuple", UPDATE)))))
    assert (finding.verdict, finding.place) == (Verdict.FAIL, None)


@pytest.mark.parametrize("lock", ["extend", "page", "virtualxid"])
def test_what_postgresql_locks_for_itself_is_nobodys_wait(lock: str) -> None:
    assert found([look(16, asking(14))] * LOOKS, blocked((14, lock, UPDATE))).verdict is Verdict.PASS


def test_rows_that_are_met_now_and_then_pass() -> None:
    sessions = (*reading(0, (3, "tuple", UPDATE)), *(each for number in range(1, READINGS) for each in reading(number)))
    assert found([look(16, asking(14))] * LOOKS, sessions).verdict is Verdict.PASS


def test_one_reading_of_many_blocked_sessions_is_no_verdict() -> None:
    sessions = (*reading(0, (15, "tuple", UPDATE)), *reading(1, (9, "tuple", UPDATE)), *reading(2), *reading(3))
    assert found([look(16, asking(14))] * LOOKS, sessions).verdict is Verdict.UNDECIDED


def test_requests_that_only_ask_the_database_pass() -> None:
    assert found([look(16, asking(16))] * LOOKS).verdict is Verdict.PASS


def test_what_postgresql_says_beyond_the_window_counts_for_nothing() -> None:
    late = tuple(replace(each, t_ns=2000 * MS) for each in blocked((15, "tuple", UPDATE)))
    assert found([look()] * LOOKS, late).summary == "PostgreSQL was not asked of its sessions"
    assert found([look()] * LOOKS, (*QUIET, *late)).verdict is Verdict.PASS


def test_a_lock_of_the_applications_is_named_though_nobody_asked_postgresql() -> None:
    assert found([look(16, turn(15))] * LOOKS, ()).verdict is Verdict.FAIL


def test_few_looks_decide_nothing() -> None:
    few = found([look(16, turn(15))] * (LEAST_LOOKS - 1))
    assert (few.verdict, few.summary, few.count) == (Verdict.UNDECIDED, "Requests were not looked at", 1)
    assert found([look()] * LEAST_LOOKS).verdict is Verdict.PASS
    assert found([look(16, turn(15))] * LEAST_LOOKS).verdict is Verdict.FAIL


def test_without_any_look_or_request_nothing_is_accused() -> None:
    assert found([]).verdict is Verdict.UNDECIDED
    assert found([look(0)] * LOOKS).verdict is Verdict.PASS


def test_it_is_asked_of_targets_that_have_the_probe() -> None:
    def checks(probes: tuple[str, ...]) -> set[str]:
        return {f.check for f in judge_trial(replace(seen([look()]), target=replace(TARGET, probes=probes)))}

    assert "waits" in checks(("requests",))
    assert "waits" not in checks(("pool",))
