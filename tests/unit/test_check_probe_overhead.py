"""The check of the probes' cost: which comparisons it is about, and where its limit is."""

from dataclasses import replace

import pytest

from harness.analysis.checks.probe_overhead import check_probe_overhead
from harness.analysis.stats.probe_overhead import kept, observed
from harness.model.evidence import SliceReading
from harness.model.measures import Comparison, Interval, ProbeOverhead
from harness.model.plan import Target
from harness.model.verdict import Verdict
from tests.evidence import TARGET, told

PLAIN = replace(TARGET, name="async", probes=())
PROBED = replace(PLAIN, name="async:loop", probes=("loop",))


def share(low: float | None, high: float | None, value: float = 0.97) -> Interval:
    return Interval(value=value, low=low, high=high, blocks=10)


def seen(of: Interval) -> ProbeOverhead:
    return ProbeOverhead(scenario="ping", added_ms=0, plain="async", probed="async:loop", share=of)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.97, 1.0, Verdict.PASS),
        (0.9699, 1.0, Verdict.UNDECIDED),
        (0.95, 0.97, Verdict.UNDECIDED),
        (0.95, 0.9699, Verdict.FAIL),
        (None, None, Verdict.UNDECIDED),
    ],
)
def test_the_whole_interval_decides(low: float | None, high: float | None, verdict: Verdict) -> None:
    found = told(check_probe_overhead(seen(share(low, high))))
    assert (found.verdict, found.count) == (verdict, int(verdict is not Verdict.PASS))


def test_what_is_left_is_told_with_its_interval() -> None:
    found = told(check_probe_overhead(seen(share(0.975, 0.995, 0.985))))
    assert found.check == "probe_overhead"
    assert (
        found.measured == "ping at 0 ms: async:loop has 0.985 (0.975 to 0.995 in 10 blocks) of the throughput of async"
    )
    assert found.limit == "at least 0.97"
    assert told(check_probe_overhead(seen(share(None, None)))).measured.startswith(
        "ping at 0 ms: async:loop has 0.970 of the"
    )


def comparison(first: Target, second: Target, metric: str = "throughput", ratio: Interval | None = None) -> Comparison:
    return Comparison(
        scenario="ping",
        added_ms=0,
        metric=metric,  # type: ignore[arg-type]  # one of the two
        first=first.name,
        second=second.name,
        ratio=ratio or share(1.25, 2.0, 1.6),
        word="first",
        detectable=None,
    )


def test_a_target_is_held_against_the_same_without_probes_and_nothing_else_is() -> None:
    other = replace(PROBED, name="sync:loop", model="sync")
    smaller = replace(PROBED, name="smaller", pool=1)
    bare = replace(PLAIN, name="bare")
    targets = (PLAIN, PROBED, other, smaller, bare)
    compared = [
        comparison(PLAIN, PROBED),
        comparison(PLAIN, PROBED, "p50"),
        *(comparison(PLAIN, second) for second in (other, smaller, bare)),
        comparison(PROBED, PLAIN),
    ]
    (one,) = observed(targets, compared)
    assert (one.scenario, one.added_ms, one.plain, one.probed) == ("ping", 0, "async", "async:loop")
    assert one.share == Interval(value=0.625, low=0.5, high=0.8, blocks=10)


def test_without_an_interval_there_is_a_share_and_no_more() -> None:
    (one,) = observed((PLAIN, PROBED), [comparison(PLAIN, PROBED, ratio=share(None, None, 2.0))])
    assert one.share == Interval(value=0.5, low=None, high=None, blocks=10)


def slices(plain_ms: list[float], probed_ms: list[float], block: int = 1, probed: str = "async:loop") -> SliceReading:
    return SliceReading(
        plain="async",
        probed=probed,
        scenario="ping",
        block=block,
        plain_ms=tuple(plain_ms),
        probed_ms=tuple(probed_ms),
    )


def test_of_slices_a_block_tells_one_share_and_blocks_the_interval() -> None:
    (one,) = kept([slices([1.0] * 5, [1.25] * 5), slices([1.0] * 5, [2.0] * 5, block=2)])
    assert (one.scenario, one.added_ms, one.plain, one.probed) == ("ping", 0, "async", "async:loop")
    assert one.share.value == pytest.approx((0.8 * 0.5) ** 0.5)
    assert one.share.blocks == 2
    assert one.share.low is not None
    assert one.share.low < 0.5


def test_a_round_that_the_machine_held_up_is_left_out_and_a_cost_that_is_always_there_is_not() -> None:
    held_up = slices([1.0, 9.0, 1.0, 1.0, 1.0], [1.25, 1.25, 1.25, 1.25, 25.0])
    (one,) = kept([held_up])
    assert one.share.value == pytest.approx(0.8)
    assert (one.share.low, one.share.high, one.share.blocks) == (None, None, 1)


@pytest.mark.parametrize("odd", [-0.5, 0.0])
@pytest.mark.parametrize("side", [0, 1])
def test_a_block_with_a_turn_that_took_less_than_nothing_tells_nothing(odd: float, side: int) -> None:
    wrong = [[1.0] * 5, [4.0] * 5]
    wrong[side][2] = odd
    (one,) = kept([slices([1.0] * 5, [2.0] * 5), slices(*wrong, block=2)])
    assert (one.share.value, one.share.blocks) == (pytest.approx(0.5), 1)
    assert not list(kept([slices(*wrong)]))


def test_a_block_in_which_the_plain_target_was_held_up_tells_nothing_and_one_of_dear_probes_does() -> None:
    quiet = [slices([1.0] * 5, [2.0] * 5, block=block) for block in (1, 2, 3)]
    (one,) = kept([*quiet, slices([1.6] * 5, [16.0] * 5, block=4)])
    assert (one.share.value, one.share.blocks) == (pytest.approx(0.5), 3)
    (one,) = kept([*quiet, slices([1.4] * 5, [28.0] * 5, block=4)])
    assert (one.share.value, one.share.blocks) == (pytest.approx((0.5**3 * 0.05) ** 0.25), 4)
    (one,) = kept([*quiet, slices([1.4, 1.4, 1.4, 9.0, 9.0], [28.0] * 5, block=4)])  # by the median of its rounds
    assert one.share.blocks == 4


def test_pairs_are_told_apart_and_a_block_without_a_round_is_none() -> None:
    other = slices([1.0], [4.0], probed="async:pool")
    told = kept([slices([1.0], [2.0]), other, slices([], [], block=2)])
    assert {one.probed: (one.share.value, one.share.blocks) for one in told} == {
        "async:loop": (0.5, 1),
        "async:pool": (0.25, 1),
    }


def test_pairs_stand_side_by_side_in_whatever_order_they_were_driven() -> None:
    pairs = [("sync", "sync:pool"), ("async", "async:pool"), ("sync", "sync:loop"), ("async", "async:loop")]
    driven = [replace(slices([1.0], [2.0], probed=probed), plain=plain) for plain, probed in pairs]
    assert [one.probed for one in kept(driven)] == ["async:loop", "async:pool", "sync:loop", "sync:pool"]
