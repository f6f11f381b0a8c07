"""Each check passes what is sound, fails what is not, and decides nothing where it has nothing to go by."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from harness.analysis.checks.added_latency import check_added_latency
from harness.analysis.checks.completeness import check_completeness
from harness.analysis.checks.duplicate_requests import check_duplicate_requests
from harness.analysis.checks.registry import CHECKS, OF_TRIALS, Check, findings_of, judge_subject, judge_trial
from harness.analysis.checks.success_rate import check_success_rate
from harness.analysis.checks.writes import check_writes
from harness.model.evidence import Evidence
from harness.model.findings import ControlRow, Execution, Finding, in_unit
from harness.model.ledger import Effects, Ledger
from harness.model.verdict import Verdict, merge
from harness.report.sentences.findings import FindingText
from scenarios.catalog import CHAOS, SCENARIOS
from targets.workload import WORKLOAD
from tests.evidence import TRIAL, WINDOW, distances, evidence, ledger, one, op, sample, told, values

SOUND = evidence(*(op(number) for number in range(5)))


UNPROBED = {name: check for name, check in OF_TRIALS.items() if not check.probe}
# Those of a trial with a fault are in test_check_fault_trial.py.
WITHOUT_FAULT = {name: one for name, one in UNPROBED.items() if name not in {"confirmed", "invariants", "recovery"}}


@pytest.mark.parametrize("check", WITHOUT_FAULT.values(), ids=WITHOUT_FAULT)
def test_sound_evidence_passes_every_check(check: Check[Evidence]) -> None:
    assert one(findings_of(check, SOUND, TRIAL.id)).verdict is Verdict.PASS


@pytest.mark.parametrize("check", OF_TRIALS.values(), ids=OF_TRIALS)
def test_no_check_passes_an_interrupted_trial_of_nothing(check: Check[Evidence]) -> None:
    nothing = evidence(samples=(), faults=(), window=None, ledger=None, complete=False)
    found = one(findings_of(check, nothing, TRIAL.id))
    assert found.verdict is Verdict.UNDECIDED
    assert found.code != "crashed"


def test_every_check_that_a_scenario_names_exists() -> None:
    assert {name for scenario in (*SCENARIOS.values(), CHAOS) for name in scenario.checks} == set(UNPROBED)


def test_a_check_that_there_is_not_is_not_passed_over() -> None:
    with pytest.raises(KeyError):
        judge_trial(replace(SOUND, scenario=replace(SOUND.scenario, checks=("no such",))))


@pytest.mark.parametrize("check", OF_TRIALS.values(), ids=OF_TRIALS)
def test_a_finding_says_which_check_found_it_and_of_which_trial(check: Check[Evidence]) -> None:
    found = one(findings_of(check, SOUND, TRIAL.id))
    assert (found.check, found.subject) == (check.name, TRIAL.id)


def test_what_a_plan_lacks_is_left_open() -> None:
    whole = Execution(planned=4, done=4, complete=True, checked=True, not_done=())
    assert judge_subject(whole) == ()
    for torn in (replace(whole, done=3), replace(whole, complete=False)):
        found = one(judge_subject(torn))
        assert (found.check, found.verdict, found.code, found.count) == (
            "plan",
            Verdict.UNDECIDED,
            "run_incomplete",
            4 - torn.done,
        )
        assert values(found) == {"done": torn.done, "planned": 4}
    left_out = judge_subject(replace(whole, not_done=("Not at 20 ms.", "Nor at 5 ms.")))
    assert [(found.verdict, found.code, told([found]).summary) for found in left_out] == [
        (Verdict.UNDECIDED, "left_out", "Not at 20 ms."),
        (Verdict.UNDECIDED, "left_out", "Nor at 5 ms."),
    ]
    nothing_asked = one(judge_subject(replace(whole, checked=False)))
    assert (nothing_asked.check, nothing_asked.verdict, nothing_asked.code) == ("plan", Verdict.UNDECIDED, "unchecked")


class TestRecord:
    def test_a_hole_fails(self) -> None:
        torn = replace(SOUND, ops=SOUND.ops[:-1])
        finding = one(check_completeness(torn))
        assert (finding.verdict, finding.count) == (Verdict.FAIL, 1)

    def test_more_on_record_than_sent_fails(self) -> None:
        assert one(check_completeness(replace(SOUND, ops=(*SOUND.ops, op(9))))).verdict is Verdict.FAIL

    def test_nothing_in_the_window_is_undecided(self) -> None:
        late = evidence(op(0, took_ms=2000))
        assert one(check_completeness(late)).verdict is Verdict.UNDECIDED
        assert one(check_completeness(replace(SOUND, window=None))).verdict is Verdict.UNDECIDED

    @pytest.mark.parametrize(
        ("took_ms", "verdict"),
        [(0, Verdict.PASS), (999, Verdict.PASS), (1000, Verdict.UNDECIDED), (1001, Verdict.UNDECIDED)],
    )
    def test_the_window_begins_with_its_start_and_ends_before_its_end(self, took_ms: float, verdict: Verdict) -> None:
        assert one(check_completeness(evidence(op(0, took_ms=took_ms)))).verdict is verdict

    def test_it_tells_what_it_counted(self) -> None:
        samples = (sample("served", "requests", 77), sample("load", "recorded", 5))
        assert one(check_completeness(replace(SOUND, samples=samples))) == Finding(
            check="completeness",
            verdict=Verdict.PASS,
            code="complete",
            values=in_unit("requests", recorded=5, sent=5),
            count=0,
            subject=TRIAL.id,
        )
        torn = told(check_completeness(replace(SOUND, ops=SOUND.ops[:3])))
        assert (torn.summary, torn.measured, torn.limit, torn.count) == (
            "The record has holes",
            "3 requests on record",
            "5 sent",
            2,
        )


@pytest.mark.parametrize("check", [check_completeness, check_duplicate_requests, check_success_rate, check_writes])
def test_an_interrupted_trial_is_undecided_whatever_else(check: Callable[[Evidence], Iterable[Finding]]) -> None:
    assert one(check(replace(SOUND, complete=False))).verdict is Verdict.UNDECIDED


@pytest.mark.parametrize("check", [check_completeness, check_duplicate_requests])
def test_a_count_that_is_missing_is_undecided(check: Callable[[Evidence], Iterable[Finding]]) -> None:
    assert one(check(replace(SOUND, samples=()))).verdict is Verdict.UNDECIDED


def test_a_ledger_that_was_not_read_is_undecided() -> None:
    assert one(check_writes(replace(SOUND, ledger=None))).verdict is Verdict.UNDECIDED


class TestResends:
    def _served(self, served: int, base: Evidence = SOUND) -> Evidence:
        kept = tuple(s for s in base.samples if s.probe != "served")
        return replace(base, samples=(*kept, sample("served", "requests", served)))

    def test_one_more_served_than_sent_is_a_hidden_resend(self) -> None:
        finding = one(check_duplicate_requests(self._served(6)))
        assert (finding.verdict, finding.count) == (Verdict.FAIL, 1)

    def test_answered_but_never_served_fails(self) -> None:
        assert one(check_duplicate_requests(self._served(4))).verdict is Verdict.FAIL

    def test_a_broken_connection_may_have_died_on_its_way(self) -> None:
        broken = replace(op(5, "unknown"), status=0)
        base = evidence(*SOUND.ops, broken)
        for served in (5, 6):
            found = one(check_duplicate_requests(self._served(served, base)))
            assert (found.verdict, found.code) == (Verdict.PASS, "served_once")
            assert values(found) == {"served": served, "sent": 6, "unanswered": 1}
        assert one(check_duplicate_requests(self._served(4, base))).verdict is Verdict.FAIL
        assert one(check_duplicate_requests(self._served(7, base))).verdict is Verdict.FAIL

    def test_an_answered_failure_must_have_arrived(self) -> None:
        base = evidence(*SOUND.ops, op(5, "unknown"))  # a 500 is an answer
        finding = one(check_duplicate_requests(self._served(5, base)))
        assert (finding.verdict, finding.count) == (Verdict.FAIL, 1)

    def test_what_is_missing_beyond_the_broken_is_counted(self) -> None:
        base = evidence(*SOUND.ops, replace(op(5, "unknown"), status=0))
        assert one(check_duplicate_requests(self._served(3, base))).count == 2

    def test_an_unsent_request_need_not_arrive(self) -> None:
        assert one(check_duplicate_requests(evidence(*SOUND.ops, op(5, "unsent")))).verdict is Verdict.PASS


class TestAnswers:
    @pytest.mark.parametrize("outcome", ["fail", "unknown", "unsent"])
    def test_one_that_is_not_ok_fails_and_is_shown(self, outcome: str) -> None:
        finding = one(check_success_rate(evidence(op(0), op(1, outcome))))
        assert (finding.verdict, finding.count) == (Verdict.FAIL, 1)
        assert finding.code == "requests_failed"
        assert finding.first is not None
        assert [op.outcome for op in finding.first.ops] == [outcome]
        assert outcome in told([finding]).first

    def test_the_first_and_the_slowest_are_told(self) -> None:
        finding = told(check_success_rate(evidence(op(0), op(1, "unknown", took_ms=30), op(2, "fail", took_ms=70))))
        assert finding.first == "create_user #1: unknown 500 after 30 ms"
        assert finding.worst == "create_user #2: fail 409 after 70 ms"
        later = told(check_success_rate(evidence(op(1, "fail", took_ms=70), op(50, "fail", took_ms=30))))
        assert later.worst == "create_user #1: fail 409 after 70 ms"
        assert "after 600000 ms" in told(check_success_rate(evidence(op(1, "fail", took_ms=600_000)))).first

    def test_an_interrupted_trial_may_have_interrupted_its_requests(self) -> None:
        torn = evidence(op(0), op(1, "unknown"), complete=False)
        assert one(check_success_rate(torn)).verdict is Verdict.UNDECIDED

    def test_an_operation_that_never_succeeded_is_undecided(self) -> None:
        assert one(check_success_rate(evidence(op(0, name="get_user")))).verdict is Verdict.UNDECIDED


class TestDistance:
    @pytest.mark.parametrize(
        ("measured_ms", "verdict"), [(20.6, "pass"), (20.99, "pass"), (21.01, "undecided"), (18.99, "undecided")]
    )
    def test_added_time_must_be_near_the_plan(self, measured_ms: float, verdict: str) -> None:
        measured = distances(measured_ms + 0.4, 0.4)
        assert one(check_added_latency(replace(SOUND, samples=measured))).verdict == verdict

    def test_a_request_faster_than_one_round_trip_escaped(self) -> None:
        finding = one(check_added_latency(evidence(op(0), op(1, took_ms=19.9))))
        assert (finding.verdict, finding.count) == (Verdict.FAIL, 1)

    def test_a_fault_without_proof_is_undecided(self) -> None:
        unproven = replace(SOUND, faults=tuple(replace(window, proof="") for window in SOUND.faults))
        assert one(check_added_latency(unproven)).verdict is Verdict.UNDECIDED

    def test_only_what_succeeded_in_the_window_can_have_escaped(self) -> None:
        late = replace(op(1, took_ms=5), started_ns=WINDOW.end_ns, ended_ns=WINDOW.end_ns + 1)
        early = replace(op(2, took_ms=5), started_ns=-2, ended_ns=-1)
        refused = op(3, "fail", took_ms=5)
        assert one(check_added_latency(evidence(op(0), late, early, refused))).verdict is Verdict.PASS
        on_the_dot = op(4, took_ms=20)
        assert one(check_added_latency(evidence(op(0), on_the_dot))).verdict is Verdict.PASS

    def test_as_many_readings_as_are_needed_suffice(self) -> None:
        assert one(check_added_latency(replace(SOUND, samples=distances(20.6, 0.4, count=5)))).verdict is Verdict.PASS

    def test_too_few_readings_are_undecided(self) -> None:
        few = replace(SOUND, samples=distances(20.6, 0.4, count=4))
        assert one(check_added_latency(few)).verdict is Verdict.UNDECIDED

    def test_at_zero_without_a_proxy_there_is_nothing_to_measure(self) -> None:
        near = replace(SOUND, trial=replace(TRIAL, added_ms=0), samples=(), faults=())
        assert one(check_added_latency(near)).verdict is Verdict.PASS

    def test_at_zero_a_proxy_that_delays_is_found(self) -> None:
        near = replace(SOUND, trial=replace(TRIAL, added_ms=0), samples=distances(5.0, 0.4), faults=())
        assert one(check_added_latency(near)).verdict is Verdict.UNDECIDED


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


class TestWrites:
    @pytest.mark.parametrize(("outcome", "rows", "offence"), HISTORIES.values(), ids=HISTORIES)
    def test_what_was_told_against_what_is_stored(self, outcome: str, rows: tuple[int, int, int], offence: str) -> None:
        other = op(1)  # so that some write succeeded
        history = evidence(op(0, outcome), other, ledger=ledger((KEY, *rows), (other.key, 1, 2, 1)))
        finding = one(check_writes(history))
        assert (finding.verdict, finding.code) == (("fail", offence) if offence else ("pass", "whole"))
        assert (finding.first is not None) == bool(offence)
        assert told([finding]).first.startswith(f"{offence}: key {KEY}" if offence else "")

    def test_rows_that_nobody_wrote_are_phantoms(self) -> None:
        found = writes(evidence(op(0), ledger=ledger((KEY, 1, 2, 1), ("f" * 32, 0, 0, 1))))
        assert found.first.startswith("phantom")

    def test_a_phantom_is_shown_with_the_rows_that_it_has(self) -> None:
        found = writes(evidence(op(0), ledger=ledger((KEY, 1, 2, 1), ("f" * 32, 0, 3, 1))))
        assert found.first == f"phantom: key {'f' * 32}: sent by nobody, stored 0 in users, 3 in posts, 1 in audit_log"

    def test_an_offence_is_shown_with_what_was_sent_and_told(self) -> None:
        torn = replace(op(0, "unknown"), status=0, error="the connection broke")
        assert writes(evidence(torn, op(1), ledger=ledger((KEY, 1, 0, 0), (op(1).key, 1, 2, 1)))).first == (
            f"partial: key {KEY}: create_user #0, told unknown the connection broke,"
            " stored 1 in users, 0 in posts, 0 in audit_log; asked for POST /create_user"
        )
        answered = replace(op(0, "unknown"), error="it crashed")
        assert "told unknown 500, stored" in (
            writes(evidence(answered, op(1), ledger=ledger((KEY, 1, 0, 0), (op(1).key, 1, 2, 1)))).first
        )

    def test_the_worst_has_the_most_rows(self) -> None:
        keys = [op(number).key for number in range(3)]
        rows = ledger((keys[0], 1, 2, 0), (keys[1], 1, 0, 0), (keys[2], 2, 2, 1))
        found = writes(evidence(op(0), op(1), op(2), ledger=rows))
        assert (found.count, found.summary) == (3, "Writes are duplicate, partial")
        assert (found.first.split(":")[1], found.worst.split(":")[1]) == (f" key {keys[0]}", f" key {keys[2]}")

    def test_all_writes_are_counted_and_nothing_but_writes(self) -> None:
        rows = ledger((KEY, 1, 2, 1))
        found = writes(evidence(op(0), op(1, "fail"), op(2, "fail"), op(3, name="get_user", key=""), ledger=rows))
        assert (found.verdict, found.measured) == (Verdict.PASS, "3 writes, 1 acknowledged, 2 refused")
        nothing = writes(evidence(op(3, name="get_user", key=""), ledger=ledger()))
        assert (nothing.summary, nothing.measured) == ("No write ever succeeded", "0 writes")
        never = writes(evidence(op(0, "fail"), op(1, "unknown", name="create_post"), ledger=ledger()))
        assert never.summary == "create_post, create_user never succeeded"

    def test_a_write_is_named_if_any_of_its_requests_was(self) -> None:
        unnamed = op(0, "unknown", name="create_post")
        retried = replace(op(1, name="create_post", key=unnamed.key), named=True)
        rows = {"posts": {unnamed.key: 1}, "audit_log": {unnamed.key: 1}, "replays": {unnamed.key: 1}}
        assert (
            writes(evidence(unnamed, retried, ledger=Ledger(rows=rows, effects=Effects.of(WORKLOAD)))).verdict
            is Verdict.PASS
        )

    def test_no_green_where_no_write_succeeded(self) -> None:
        assert writes(evidence(op(0, "unknown"))).verdict is Verdict.UNDECIDED


def test_a_check_that_crashes_has_decided_nothing_whatever_it_judges() -> None:
    def crash(_subject: object) -> Iterator[Finding]:
        yield Finding(check="broken", verdict=Verdict.PASS, code="fine")
        raise ZeroDivisionError("by hand")

    row = ControlRow(target="x", expected=(), besides=(), verdicts={})
    for broken, subject in ((Check("broken", Evidence, crash), SOUND), (Check("broken", ControlRow, crash), row)):
        found = one(findings_of(broken, subject, "x"))
        assert (found.check, found.verdict, found.code, found.count) == ("broken", Verdict.UNDECIDED, "crashed", 1)
        assert found.subject == "x"
        assert told([found]).summary == "The check crashed: ZeroDivisionError: by hand"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.name}, {check.judges.__name__}")
def test_a_check_that_is_given_nonsense_crashes_into_an_open_verdict(check: Check[Any]) -> None:
    found = one(findings_of(check, object(), "nonsense"))
    assert (found.check, found.verdict, found.code, found.subject) == (
        check.name,
        Verdict.UNDECIDED,
        "crashed",
        "nonsense",
    )


@pytest.mark.parametrize(
    ("verdicts", "merged"),
    [
        ((), "undecided"),
        (("pass",), "pass"),
        (("pass", "undecided"), "undecided"),
        (("undecided", "fail", "pass"), "fail"),
    ],
)
def test_verdicts_merge(verdicts: tuple[str, ...], merged: str) -> None:
    assert merge(Verdict(verdict) for verdict in verdicts) == merged
