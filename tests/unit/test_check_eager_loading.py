"""The check of loading strategies: as many statements as promised, and a control that is seen to send more."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from harness.analysis.checks.eager_loading import check_eager_loading
from harness.model.evidence import PageReading, PageReadings
from harness.model.verdict import Verdict
from harness.report.sentences.findings import FindingText
from tests.evidence import told

STRATEGIES = ("lazy", "selectin", "joined", "raise")


def reading(strategy: str, users: int, statements: float | None, posts_each: int = 5) -> PageReading:
    return PageReading(
        target="async",
        strategy=strategy,
        added_ms=0,
        users=users,
        posts_each=posts_each,
        block=1,
        statements=statements,
        round_trips=3.0,
        bytes_down=100.0,
        answer_bytes=100,
        took_ms=(1.0,),
    )


SOUND = (
    *(reading("lazy", users, 1 + users) for users in (1, 20)),
    *(reading("selectin", users, 2) for users in (1, 20)),
    *(reading("joined", users, 1) for users in (1, 20)),
    *(reading("raise", users, 1) for users in (1, 20)),
)


def judged(readings: Sequence[PageReading]) -> FindingText:
    """What the check says of some readings, in words."""
    return told(check_eager_loading(PageReadings(readings=tuple(readings))))


def test_what_sends_as_many_as_promised_passes() -> None:
    found = judged(SOUND)
    assert (found.verdict, found.count, found.first) == (Verdict.PASS, 0, "")
    assert found.measured == "8 readings of 4 strategies"


@pytest.mark.parametrize("strategy", ["selectin", "joined", "raise"])
@pytest.mark.parametrize("statements", [0.0, 2.5, 21.0])
def test_a_strategy_that_does_not_keep_its_promise_fails(strategy: str, statements: float) -> None:
    found = judged((*SOUND, reading(strategy, 20, statements, 7), reading(strategy, 20, statements)))
    assert (found.verdict, found.count) == (Verdict.FAIL, 2)
    assert found.first == f"async, load={strategy}, 20 users with 7 posts each: {statements:g} statements"


def test_where_lazy_loading_is_not_seen_nothing_is_decided() -> None:
    few = reading("lazy", 20, 2)
    for lazy, broken, sent in (([], 0, 0), ([few], 20, 2), ([reading("lazy", 20, 21), reading("lazy", 5, 5)], 5, 5)):
        found = judged([*lazy, *(one for one in SOUND if one.strategy != "lazy")])
        assert (found.verdict, found.count) == (Verdict.UNDECIDED, 1)
        assert found.first == (
            f"async, load=lazy, {broken} users with 5 posts each: {sent} statements" if broken else ""
        )


def test_a_broken_promise_weighs_more_than_a_control_that_is_not_seen() -> None:
    assert judged([reading("lazy", 20, 2), reading("joined", 20, 3)]).verdict is Verdict.FAIL


def test_without_counts_nothing_is_decided() -> None:
    for readings in ((), (*SOUND, reading("joined", 1, None))):
        found = judged(readings)
        assert (found.verdict, found.count) == (Verdict.UNDECIDED, len(readings))
    assert judged([replace(one, statements=None) for one in SOUND]).count == len(SOUND)
