"""The check of the cut map: every rule, and what lies just beside it."""

from dataclasses import replace

import pytest

from harness.analysis.checks.registry import judge_subject
from harness.analysis.stats.cut_map import strips
from harness.experiments.chaos.cut import places
from harness.model.cut_map import Conversation, Cut, CutMap, CutWay, Direction, WireMessage
from harness.model.request_record import Outcome
from harness.model.verdict import Verdict
from harness.report.sentences.findings import FindingText, finding_text

WHOLE = {"users": 1, "posts": 2, "audit_log": 1}
MESSAGES = (
    WireMessage(name="Query", says="BEGIN", start=0, end=4),
    WireMessage(name="Query", says="COMMIT", start=4, end=7),
)
UP = Conversation(target="async", operation="create_user", direction=Direction.UP, messages=MESSAGES)
DOWN = replace(UP, direction=Direction.DOWN)


def cut(offset: int, direction: Direction = Direction.UP, **changed: object) -> Cut:
    base = Cut(
        target="async",
        operation="create_user",
        direction=direction,
        way=CutWay.LIMIT,
        offset=offset,
        key=f"{offset:032x}",
        outcome=Outcome.UNKNOWN,
        status=500,
        error="",
        passed_bytes=offset,
        message="Query BEGIN",
        confirmed=True,
        took_s=0.01,
        recovered_after=1,
        next_status=200,
        rows={},
        owed=WHOLE,
        asked="POST /users",
    )
    return replace(base, **changed)  # type: ignore[arg-type]  # the fields of a cut


def whole_map(**changed: object) -> CutMap:
    """Every byte of one conversation cut at, the last one with ``changed``."""
    cuts = [*(cut(offset) for offset in range(7)), cut(7, **changed)]
    return CutMap(conversations=(UP,), cuts=tuple(cuts), duration_s=1.0)


def judge(cut_map: CutMap) -> dict[str, FindingText]:
    """What is said of the cuts and of the recovery after them, in words."""
    return {finding.check: finding_text(finding) for finding in judge_subject(cut_map)}


def test_cut_at_every_byte_and_whole_is_a_pass() -> None:
    found = judge(whole_map(rows=WHOLE))
    assert {finding.verdict for finding in found.values()} == {Verdict.PASS}
    assert found["cut_map"].measured == "8 cuts, 1 committed, 7 rolled back"


def test_a_conversation_that_said_nothing_was_not_cut() -> None:
    silent = replace(UP, messages=())
    found = judge(CutMap(conversations=(silent,), cuts=(cut(0),), duration_s=1.0))["cut_map"]
    assert (found.verdict, found.summary) == (Verdict.UNDECIDED, "Nothing was cut")


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"rows": {"users": 1}}, "partial"),
        ({"outcome": Outcome.OK, "status": 201}, "lost"),
        ({"outcome": Outcome.FAIL, "status": 503, "rows": WHOLE}, "ghost"),
        ({"rows": {"users": 2, "posts": 4, "audit_log": 2}}, "duplicate"),
    ],
)
def test_an_offence_is_told_in_full(changed: dict[str, object], name: str) -> None:
    found = judge(whole_map(**changed))["cut_map"]
    assert found.verdict is Verdict.FAIL
    assert found.count == 1
    assert found.first.startswith(f"{name}: create_user to async, key {7:032x}, cut up after byte 7 (limit_data")
    assert "stored" in found.first


def test_a_byte_that_was_not_cut_at_leaves_it_open() -> None:
    known = whole_map()
    for left_out in (0, 3, 7):
        cuts = tuple(one for one in known.cuts if one.offset != left_out)
        found = judge(replace(known, cuts=cuts))["cut_map"]
        assert found.verdict is Verdict.UNDECIDED
        assert found.summary == f"1 bytes were never cut at, the first at {left_out}"


def test_a_byte_that_was_cut_at_in_another_way_only_was_not_cut_at() -> None:
    known = whole_map()
    cuts = tuple(replace(one, way=CutWay.FIN) if one.offset == 3 else one for one in known.cuts)
    assert judge(replace(known, cuts=cuts))["cut_map"].verdict is Verdict.UNDECIDED


@pytest.mark.parametrize("changed", [{"confirmed": False}, {"passed_bytes": 6}, {"passed_bytes": 8}])
def test_a_cut_not_confirmed_at_its_byte_leaves_it_open(changed: dict[str, object]) -> None:
    found = judge(whole_map(**changed))["cut_map"]
    assert found.verdict is Verdict.UNDECIDED
    assert "did not take effect" in found.summary


def test_downwards_the_relay_sees_more_than_passed() -> None:
    cuts = tuple(cut(offset, Direction.DOWN, passed_bytes=offset + 9) for offset in range(8))
    found = judge(CutMap(conversations=(DOWN,), cuts=cuts, duration_s=1.0))["cut_map"]
    assert found.verdict is Verdict.PASS


def test_a_hold_passes_all_in_the_end() -> None:
    held = cut(4, way=CutWay.HOLD, passed_bytes=7, outcome=Outcome.OK, status=201, rows=WHOLE)
    known = whole_map()
    found = judge(replace(known, cuts=(*known.cuts, held)))["cut_map"]
    assert found.verdict is Verdict.PASS


def test_an_offence_weighs_more_than_a_gap() -> None:
    cuts = (cut(3, rows={"users": 1}),)
    assert judge(CutMap(conversations=(UP,), cuts=cuts, duration_s=1.0))["cut_map"].verdict is Verdict.FAIL


@pytest.mark.parametrize("conversation", [UP, replace(UP, messages=())])
def test_no_green_without_cuts(conversation: Conversation) -> None:
    found = judge(CutMap(conversations=(conversation,), cuts=(), duration_s=1.0))
    assert {finding.verdict for finding in found.values()} == {Verdict.UNDECIDED}


def test_cuts_of_another_conversation_do_not_count() -> None:
    cut_map = replace(whole_map(), conversations=(UP, replace(UP, target="sync")))
    verdicts = [finding.verdict for finding in judge_subject(cut_map)]
    assert verdicts == [Verdict.PASS, Verdict.UNDECIDED, Verdict.PASS]


@pytest.mark.parametrize(("after", "verdict"), [(1, "pass"), (2, "pass"), (3, "fail"), (0, "fail")])
def test_the_target_must_serve_again_at_the_second_request_at_the_latest(after: int, verdict: str) -> None:
    assert judge(whole_map(recovered_after=after))["recovery"].verdict == verdict


def test_a_strip_has_a_run_for_each_fate_and_a_gap_where_no_cut_was() -> None:
    rows = {1: {}, 2: {}, 3: {}, 5: WHOLE, 6: WHOLE, 7: WHOLE}
    cuts = [cut(offset, rows=held) for offset, held in rows.items()]
    cuts.append(cut(4, way=CutWay.FIN, rows=WHOLE))
    (strip,) = strips(CutMap(conversations=(UP, DOWN), cuts=tuple(cuts), duration_s=1.0))
    begin, commit, end = strip.messages
    assert begin.runs == ((1, 4, "rolled back"),)
    assert commit.runs == ((5, 7, "committed"),)
    assert end.runs == ((7, 8, "committed"),)
    assert begin.other_ways == {"fin": "committed"}
    assert strip.statuses == {"committed": 4, "rolled back": 3}


def test_an_offence_is_told_in_full_the_first_and_the_one_with_most_rows() -> None:
    one = cut(6, outcome=Outcome.UNKNOWN, rows={"users": 1})
    more = cut(7, outcome=Outcome.FAIL, status=409, rows=WHOLE)
    found = judge(CutMap(conversations=(UP,), cuts=(*(cut(n) for n in range(6)), one, more), duration_s=1.0))["cut_map"]
    assert (found.verdict, found.count, found.summary) == (
        Verdict.FAIL,
        2,
        "Writes cut in the middle are ghost, partial",
    )
    assert found.first == (
        f"partial: create_user to async, key {6:032x}, cut up after byte 6 (limit_data, in Query BEGIN);"
        " told unknown 500; stored 1 in users; served again after 1; asked for POST /users"
    )
    assert found.worst == (
        f"ghost: create_user to async, key {7:032x}, cut up after byte 7 (limit_data, in Query BEGIN);"
        " told fail 409; stored 1 in users, 2 in posts, 1 in audit_log; served again after 1; asked for POST /users"
    )
    assert (found.subject, found.limit) == ("create_user to async, up", "0 offences")


def test_how_soon_it_served_again_is_counted() -> None:
    found = judge(whole_map(recovered_after=2))["recovery"]
    assert (found.verdict, found.measured, found.count, found.first, found.worst) == (
        Verdict.PASS,
        "7 of 8 at the next request, 1 at the one after",
        0,
        "",
        "",
    )


def test_what_served_again_too_late_is_told_the_first_and_the_slowest() -> None:
    cuts = (cut(0), cut(1, recovered_after=3), cut(2, recovered_after=4), cut(3, recovered_after=0))
    found = judge(CutMap(conversations=(UP,), cuts=cuts, duration_s=1.0))["recovery"]
    assert (found.verdict, found.count, found.measured, found.limit) == (
        Verdict.FAIL,
        3,
        "1 of 4 at the next request, 0 at the one after",
        "2 requests",
    )
    assert "cut up after byte 1 " in found.first
    assert "cut up after byte 3 " in found.worst  # never again, which is worse than late


LONGER = (WireMessage(name="Query", says="BEGIN", start=0, end=40), WireMessage(name="Sync", says="", start=40, end=45))
KEYED = replace(UP, operation="create_user+retry_key", messages=LONGER)


def test_a_write_under_a_retry_key_is_to_be_cut_in_each_message_and_any_other_at_every_byte() -> None:
    assert list(KEYED.to_be_cut_at) == [0, 20, 39, 40, 42, 44, 45]
    assert list(UP.to_be_cut_at) == list(range(8))


def test_so_it_is_whole_if_it_was_cut_there_and_open_if_it_was_not() -> None:
    cuts = tuple(cut(offset, operation=KEYED.operation) for offset in KEYED.to_be_cut_at)
    known = CutMap(conversations=(KEYED,), cuts=cuts, duration_s=1.0)
    found = judge(known)["cut_map"]
    assert (found.verdict, found.summary.partition(",")[0]) == (Verdict.PASS, "Cut in and after each message")
    for left_out in (20, 45):
        few = tuple(one for one in cuts if one.offset != left_out)
        found = judge(replace(known, cuts=few))["cut_map"]
        assert (found.verdict, found.summary.rpartition(" ")[2]) == (Verdict.UNDECIDED, f"{left_out}")


def test_a_key_that_is_not_kept_with_its_write_is_partial() -> None:
    owed = {**WHOLE, "replays": 1}
    cuts = tuple(cut(offset, operation=KEYED.operation, owed=owed, rows=WHOLE) for offset in KEYED.to_be_cut_at)
    found = judge(CutMap(conversations=(KEYED,), cuts=cuts, duration_s=1.0))["cut_map"]
    assert (found.verdict, found.count) == (Verdict.FAIL, len(cuts))
    assert found.first.startswith("partial: create_user+retry_key to async")


def test_places_of_a_write_under_a_retry_key_are_those_where_it_has_to_be_cut_in_a_sample_as_well() -> None:
    for stride in (1, 100):
        offsets = {one.offset for one in places([KEYED], stride) if one.way is CutWay.LIMIT}
        assert offsets == set(KEYED.to_be_cut_at)
    assert {one.offset for one in places([UP], 5) if one.way is CutWay.LIMIT} == {0, 1, 2, 3, 4, 5, 6, 7}
    long = replace(UP, messages=(*LONGER, WireMessage(name="Query", says="COMMIT", start=45, end=47)))
    assert {one.offset for one in places([long], 9) if one.way is CutWay.LIMIT} == {0, 9, 18, 27, 36, *range(40, 48)}
