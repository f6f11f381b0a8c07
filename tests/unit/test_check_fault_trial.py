"""Checks of a trial with a fault: something good passes each, something bad fails it, and nothing leaves it open."""

from dataclasses import replace

import pytest

from harness.analysis.checks import confirmed, deadline, invariants, recovery
from harness.analysis.checks.deadline import DEADLINE_S
from harness.model.evidence import Evidence, FaultWindow
from harness.model.ledger import Effects, Fact, Ledger
from harness.model.request_record import Op, Outcome
from harness.model.verdict import Verdict
from harness.model.write_status import recovered_s
from harness.report.sentences.findings import FindingText
from targets.workload import WORKLOAD
from tests.evidence import MS, evidence, op, sample, told

OWED = 500
FACTS = {"credits": OWED, "users out of balance": 0, "posts of no user": 0}
HEALED_NS = 100 * MS
FAULT = FaultWindow(kind="cut", detail="700 bytes", injected_ns=50 * MS, healed_ns=HEALED_NS, proof="it was cut")


def check_confirmed(trial: Evidence) -> FindingText:
    return told(confirmed.check_confirmed(trial))


def check_invariants(trial: Evidence) -> FindingText:
    return told(invariants.check_invariants(trial))


def check_deadline(trial: Evidence) -> FindingText:
    return told(deadline.check_deadline(trial))


def check_recovery(trial: Evidence) -> FindingText:
    return told(recovery.check_recovery(trial))


def read(said: str = f'{{"users":1,"credits":{OWED}}}', outcome: str = "ok") -> Op:
    return replace(op(5, outcome, name="get_credits", key=""), said=said)


def trial(*ops: Op, facts: dict[str, int] | None = None, readings: dict[str, float] | None = None) -> Evidence:
    """Evidence of a sound trial, or of one that is not."""
    known = (
        {"in_transaction": 3.0, "left_in_transaction": 0.0, "left_checked_out": 0.0} if readings is None else readings
    )
    return replace(
        evidence(*(ops or (op(0), read(), op(20)))),
        faults=(FAULT,),
        samples=tuple(sample("sessions", metric, value) for metric, value in known.items()),
        ledger=Ledger(
            rows={"transfers": {f"{2:032x}": 1}, "audit_log": {f"{2:032x}": 1}},
            facts={
                name: Fact(value=value, expected=FACTS[name])
                for name, value in (FACTS if facts is None else facts).items()
            },
            effects=Effects.of(WORKLOAD),
        ),
    )


def test_a_sound_trial_passes_all() -> None:
    for check in (check_confirmed, check_invariants, check_deadline, check_recovery):
        assert check(trial()).verdict is Verdict.PASS, check


class TestConfirmed:
    def test_no_proof_no_verdict(self) -> None:
        found = check_confirmed(replace(trial(), faults=(replace(FAULT, proof=""),)))
        assert (found.verdict, found.summary) == (Verdict.UNDECIDED, "Nothing proves that the fault took effect")

    def test_no_write_in_its_transaction_no_verdict(self) -> None:
        for readings in ({"in_transaction": 0.0}, {}):
            assert check_confirmed(trial(readings=readings)).verdict is Verdict.UNDECIDED
        assert check_confirmed(trial(readings={"in_transaction": 1.0})).verdict is Verdict.PASS

    def test_no_fault_no_verdict(self) -> None:
        assert check_confirmed(replace(trial(), faults=())).verdict is Verdict.UNDECIDED


class TestInvariants:
    @pytest.mark.parametrize("credits_read", [OWED - 1, OWED + 1])
    def test_a_read_that_does_not_add_up(self, credits_read: int) -> None:
        found = check_invariants(trial(op(0), read(), read(f'{{"users":1,"credits":{credits_read}}}')))
        assert (found.verdict, found.count) == (Verdict.FAIL, 1)
        assert str(credits_read) in found.first

    def test_with_it_goes_the_last_transfer_that_was_acknowledged_before(self) -> None:
        wrong = replace(read('{"users":1,"credits":1}'), id=9, started_ns=300 * MS, ended_ns=301 * MS)
        moved = [
            op(0, name="transfer"),
            op(2, name="transfer", took_ms=280),  # which ends as the read begins
            op(1, name="transfer", took_ms=100),
            op(3, name="transfer", took_ms=271),  # which ends later
            op(4, "unknown", name="transfer"),
            op(5, name="create_user"),
        ]
        found = check_invariants(trial(*moved, wrong, replace(wrong, id=10)))
        last = f"acknowledged: key {2:032x}: transfer #2, told ok 201, stored 1 in transfers, 1 in audit_log"
        last += "; asked for POST /transfer"
        assert found.first == f'get_credits #9 read {{"users":1,"credits":1}}, after {last}'
        assert found.worst == 'get_credits #10 read {"users":1,"credits":1}'
        assert ": transfer #1, told ok " in check_invariants(trial(moved[2], *moved[4:], wrong)).first
        assert check_invariants(trial(moved[3], wrong)).first == 'get_credits #9 read {"users":1,"credits":1}'

    @pytest.mark.parametrize(
        "changed", [{"credits": OWED + 1}, {"users out of balance": 1}, {"posts of no user": 2}, {"credits": OWED - 1}]
    )
    def test_a_ledger_that_does_not_add_up(self, changed: dict[str, int]) -> None:
        assert check_invariants(trial(facts={**FACTS, **changed})).verdict is Verdict.FAIL

    def test_a_read_that_was_refused_says_nothing(self) -> None:
        assert check_invariants(trial(op(0), read("", "unknown"))).verdict is Verdict.UNDECIDED

    def test_where_no_read_tells_the_sum_the_ledger_alone_does(self) -> None:
        sound = trial(op(0))
        assert sound.ledger is not None
        told = replace(sound, ledger=replace(sound.ledger, effects=replace(Effects.of(WORKLOAD), sum_read=None)))
        assert check_invariants(sound).verdict is Verdict.UNDECIDED
        assert check_invariants(told).verdict is Verdict.PASS

    def test_without_a_ledger_nothing_is_known(self) -> None:
        assert check_invariants(replace(trial(), ledger=None)).verdict is Verdict.UNDECIDED
        assert check_invariants(trial(facts={})).verdict is Verdict.UNDECIDED


class TestDeadline:
    def test_on_the_dot_is_in_time(self) -> None:
        assert check_deadline(trial(op(0, took_ms=DEADLINE_S * 1e3))).verdict is Verdict.PASS

    def test_later_is_not(self) -> None:
        late = replace(op(0), ended_ns=6_000_000_001)
        found = check_deadline(trial(op(1), late))
        assert (found.verdict, found.count) == (Verdict.FAIL, 1)

    def test_the_longest_is_told_and_all_that_are_late(self) -> None:
        sound = check_deadline(trial(op(3, took_ms=1250), op(1, took_ms=150)))
        assert (sound.summary, sound.measured, sound.limit) == (
            "Every request ended within its deadline",
            "at most 1.25 s",
            "6 s",
        )
        found = check_deadline(trial(op(1), op(2, "unknown", took_ms=7000), op(3), op(4, took_ms=6500)))
        assert (found.summary, found.measured, found.count) == ("Requests outlived their deadline", "at most 7.00 s", 2)
        assert (found.first, found.worst) == ("create_user #2 took 7.0 s", "create_user #2 took 7.0 s")

    def test_no_request_no_verdict(self) -> None:
        assert check_deadline(replace(trial(), ops=())).verdict is Verdict.UNDECIDED


class TestRecovery:
    def test_only_a_write_that_began_after_the_heal_counts(self) -> None:
        assert recovered_s(trial(op(9), op(10))) == pytest.approx(0.15)
        assert recovered_s(trial(op(9))) is None
        assert recovered_s(trial(op(11, "unknown"), op(12, "fail"), read())) is None
        assert recovered_s(replace(trial(), faults=())) is None

    def test_no_write_after_the_heal_is_a_failure(self) -> None:
        found = check_recovery(trial(op(0), op(9)))
        assert (found.verdict, found.first) == (Verdict.FAIL, "no write was done after the heal")

    def test_a_kind_of_write_that_is_served_no_more_is_a_failure(self) -> None:
        dead = [op(20 + number, "unknown", name="create_post") for number in range(5)]
        served = trial(op(20), *reversed(dead))
        last = f"rolled back: key {24:032x}: create_post #24, told unknown 500, stored 0 in transfers, 0 in audit_log"
        last += "; asked for POST /create_post"
        whole = f"no create_post was served after the heal; the last of 5 is {last}"
        assert check_recovery(served).first == whole
        assert check_recovery(replace(served, ledger=None)).first.endswith("; the last of 5 is create_post #24")
        assert check_recovery(trial(op(20), *dead[:4])).verdict is Verdict.PASS
        refused = replace(dead[0], outcome=Outcome.FAIL, status=404)
        assert check_recovery(trial(op(20), refused, *dead[1:])).verdict is Verdict.PASS
        bad = replace(refused, status=400)
        assert check_recovery(trial(op(20), bad, *dead[1:])).verdict is Verdict.PASS
        unavailable = [replace(one, outcome=Outcome.FAIL, status=503) for one in dead]
        assert check_recovery(trial(op(20), *unavailable)).verdict is Verdict.FAIL

    def test_a_kind_of_which_one_of_two_workers_serves_none_is_hardly_served(self) -> None:
        def sent(served: str) -> list[Op]:
            told = {"y": "ok", "n": "unknown"}
            return [op(20 + number, told[one], name="create_post") for number, one in enumerate(served)]

        assert check_recovery(trial(op(20), *sent("nnnnn" + "ynyny"))).verdict is Verdict.PASS  # as at first
        broken = check_recovery(trial(op(20), *sent("yyyyy" + "nynyn")))
        assert broken.verdict is Verdict.FAIL
        assert (broken.first or "").startswith(
            "2 of the last 5 create_post were served after the heal; the last that was not"
        )
        ended = check_recovery(trial(op(20), *sent("yyyyy" + "nnnnn")))
        assert (ended.first or "").startswith("0 of the last 5 create_post were served after the heal")
        assert check_recovery(trial(op(20), *sent("nnnn" + "ynnn"))).verdict is Verdict.PASS  # too few to tell

    def test_any_answer_of_the_server_s_own_failing_is_no_service(self) -> None:
        dead = [op(20 + number, "unknown", name="create_post") for number in range(5)]
        assert {one.status for one in dead} == {500}
        assert check_recovery(trial(op(20), *dead)).verdict is Verdict.FAIL

    def test_what_was_served_before_the_heal_is_served_no_more(self) -> None:
        dead = [op(20 + number, "unknown", name="create_post") for number in range(5)]
        found = check_recovery(trial(op(20), op(9, name="create_post"), *dead))
        last = f"rolled back: key {24:032x}: create_post #24, told unknown 500, stored 0 in transfers, 0 in audit_log"
        last += "; asked for POST /create_post"
        whole = f"no create_post was served after the heal; the last of 5 is {last}"
        assert (found.verdict, found.first) == (Verdict.FAIL, whole)
        assert check_recovery(trial(op(20), op(10, name="create_post"), *dead)).verdict is Verdict.PASS

    def test_of_reads_none_need_be_served(self) -> None:
        reads = [op(20 + number, "unknown", name="get_credits", key="") for number in range(5)]
        assert check_recovery(trial(op(20), *reads)).verdict is Verdict.PASS

    def test_it_counts_to_the_end_of_the_first_write_that_was_done(self) -> None:
        assert recovered_s(trial(op(21), op(20), op(22))) == 0.25
        assert recovered_s(trial(op(10, took_ms=0))) == 0
        assert recovered_s(trial(op(9, took_ms=900))) is None

    def test_a_session_left_in_a_transaction_is_a_failure(self) -> None:
        found = check_recovery(trial(readings={"left_in_transaction": 1.0, "left_checked_out": 0.0}))
        assert (found.verdict, found.first) == (Verdict.FAIL, "1 sessions were left in a transaction")

    def test_a_connection_that_was_not_given_back_is_a_failure(self) -> None:
        found = check_recovery(trial(readings={"left_in_transaction": 0.0, "left_checked_out": 2.0}))
        assert (found.verdict, found.first) == (Verdict.FAIL, "2 connections were never given back to their pool")

    def test_what_was_not_counted_is_not_known(self) -> None:
        for readings in ({}, {"left_in_transaction": 0.0}, {"left_checked_out": 0.0}):
            assert check_recovery(trial(readings=readings)).verdict is Verdict.UNDECIDED
        assert check_recovery(replace(trial(), complete=False)).verdict is Verdict.UNDECIDED
        assert check_recovery(replace(trial(), faults=())).verdict is Verdict.UNDECIDED
