"""The loop's probe asks and looks when the sampler lets it, and notes what held the loop up, as the clock says."""

import asyncio
import gc

import pytest

from harness.probe import loop
from harness.probe.loop import LATEST_S, PUT_OFF_EVERY_S, LoopProbe
from harness.probe.loop_stack import LoopStack
from harness.probe.stalls import ALERT_S, CALM_S
from tests.seen_loop import Clock, Clocks, Sampler, Told

SECONDS = 0.1
Planted = tuple[LoopProbe, Sampler, Told, Clock]


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> Planted:
    clock, told, sampler = Clock(), Told(), Sampler()
    monkeypatch.setattr(loop, "time", clock)
    monkeypatch.setattr(loop, "ThreadClocks", Clocks)
    monkeypatch.setattr(gc, "callbacks", [])
    return LoopProbe(told, sampler), sampler, told, clock  # type: ignore[arg-type]  # stand-ins with what it calls


def test_a_call_that_holds_the_loop_up_is_noted_with_its_length(planted: Planted) -> None:
    probe, sampler, told, clock = planted

    def hold_up() -> None:
        assert next(sampler.looks) == loop.AGAIN_S
        for _ in range(2):
            clock.now_s += SECONDS / 2
            assert next(sampler.looks) == ALERT_S

    async def serve() -> None:
        probe.start()
        next(sampler.looks)
        await asyncio.sleep(0)
        hold_up()
        await asyncio.sleep(0)

    asyncio.run(serve())
    assert told.stalls() == [("hold_up", pytest.approx(SECONDS), "known")]
    noted = {metric: value for metric, value, _ in told.samples}
    assert noted["lag_max_s"] == pytest.approx(SECONDS)
    assert noted["lag_mean_s"] == pytest.approx(SECONDS / 2)
    assert "core_wait_s" in noted


def test_lag_is_noted_ten_times_a_second_of_the_answers_since(planted: Planted) -> None:
    probe, sampler, told, clock = planted

    async def serve() -> None:
        probe.start()
        for lag_s in (0.04, 0.08, 0.03, 0.09):
            next(sampler.looks)
            clock.now_s += lag_s
            await asyncio.sleep(0)

    asyncio.run(serve())
    noted = [(metric, round(value, 6)) for metric, value, _ in told.samples if metric.startswith("lag")]
    assert noted == [("lag_max_s", 0.08), ("lag_mean_s", 0.06), ("lag_max_s", 0.09), ("lag_mean_s", 0.06)]


def test_a_length_that_is_a_guess_is_noted_as_one(planted: Planted) -> None:
    probe, sampler, told, clock = planted

    async def serve() -> None:
        probe.start()
        next(sampler.looks)
        clock.now_s += SECONDS / 10
        next(sampler.looks)

        def look_in_another_call() -> None:
            clock.now_s += SECONDS
            next(sampler.looks)

        look_in_another_call()
        clock.now_s += SECONDS
        await asyncio.sleep(0)

    asyncio.run(serve())
    assert [(function, length) for function, _, length in told.stalls()] == [("serve", "guess")]


@pytest.mark.parametrize("beats", [True, False])
def test_the_loop_is_silent_since_its_last_sign_of_life(planted: Planted, *, beats: bool) -> None:
    """In between, that is, of when the next was due; whether that was an answer or came by itself."""
    probe, sampler, told, clock = planted

    async def serve() -> None:
        probe.start()
        next(sampler.looks)
        await asyncio.sleep(0)
        if beats:
            clock.now_s += CALM_S
            probe.beat()
        clock.now_s += SECONDS
        next(sampler.looks)
        clock.now_s += ALERT_S
        next(sampler.looks)
        await asyncio.sleep(0)

    asyncio.run(serve())
    silent_s = SECONDS - CALM_S / 2
    assert told.stalls() == [("serve", pytest.approx(silent_s + ALERT_S), "known")]


def test_a_question_is_put_off_by_signs_of_life_but_not_for_ever(
    planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe, sampler, _, clock = planted
    monkeypatch.setattr(LoopStack, "seen", lambda _stack: None)  # it is seen in nothing, so that all is calm

    async def serve() -> None:
        probe.start()
        assert next(sampler.looks) == CALM_S
        await asyncio.sleep(0)
        for wait_s in (0.0, PUT_OFF_EVERY_S / 2, PUT_OFF_EVERY_S / 2, LATEST_S):
            clock.now_s += wait_s
            probe.beat()

    began_s = clock.now_s
    asyncio.run(serve())
    assert sampler.put_off_until_s == [
        pytest.approx(began_s + until_s) for until_s in (CALM_S, PUT_OFF_EVERY_S + CALM_S, LATEST_S)
    ]


def test_while_an_answer_is_overdue_no_look_is_put_off(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    probe, sampler, _, _ = planted

    async def serve() -> None:
        probe.start()
        next(sampler.looks)
        await asyncio.sleep(0)
        with monkeypatch.context() as patched:
            patched.setattr(LoopStack, "seen", lambda _stack: None)
            assert next(sampler.looks) == CALM_S
        next(sampler.looks)  # as it has not answered yet
        probe.beat()

    asyncio.run(serve())
    assert sampler.put_off_until_s == []


def looks_soon(planted: Planted, asked_at_s: list[float], lag_s: float, *, in_one_call: bool) -> list[bool]:
    """Hold the loop up for so long each time that it is asked, and say whether it was looked at sooner than usual."""
    probe, sampler, _, clock = planted
    soon = []

    def look_in_another_call() -> None:
        next(sampler.looks)

    async def serve() -> None:
        probe.start()
        for at_s in asked_at_s:
            clock.now_s = at_s
            soon.append(next(sampler.looks) == ALERT_S)
            clock.now_s += lag_s
            if in_one_call:
                next(sampler.looks)
            else:
                look_in_another_call()
            await asyncio.sleep(0)

    asyncio.run(serve())
    return soon


def test_after_a_stall_it_looks_more_often_for_a_while(planted: Planted) -> None:
    asked_at_s = [10.0, 10.2, 10.2 + loop.ALERT_FOR_S, 10.4 + 2 * loop.ALERT_FOR_S]
    assert looks_soon(planted, asked_at_s, SECONDS, in_one_call=True) == [False, True, True, False]


def test_what_may_be_a_stall_makes_it_look_more_often_and_in_vain_it_takes_a_longer_pause_each_time(
    planted: Planted,
) -> None:
    """A loop that is busy with one call after the other may look like it all the time."""
    assert (loop.SUSPECTED_FOR_S, loop.PAUSE_S) == (0.4, 2.0)
    asked_at_s = [10.0, 10.3, 10.6, 12.3, 12.45, 12.6, 13.0, 15.0, 16.8, 16.9, 17.1]
    soon_at_s = [10.3, 12.6, 17.1]
    soon = looks_soon(planted, asked_at_s, SECONDS, in_one_call=False)
    assert [at_s for at_s, is_soon in zip(asked_at_s, soon, strict=True) if is_soon] == soon_at_s


def hold_up_for(seconds: float, planted: Planted) -> None:
    """Hold the loop up for so long, and take all looks that are due meanwhile."""
    probe, sampler, _, clock = planted

    async def serve() -> None:
        probe.start()
        next(sampler.looks)
        for _ in range(round(seconds / ALERT_S)):
            clock.now_s += ALERT_S
            sampler.due_s = clock.now_s
            next(sampler.looks)

    asyncio.run(serve())


@pytest.mark.parametrize(("seconds", "times"), [(0.1, 0), (0.106, 1), (0.32, 3)])
def test_what_lasts_is_noted_ten_times_a_second_before_it_ends(planted: Planted, seconds: float, times: int) -> None:
    hold_up_for(seconds, planted)
    noted = [(value, labels) for metric, value, labels in planted[2].samples if metric == "lasting_s"]
    lags_s = [value for metric, value, _ in planted[2].samples if metric == "lag_max_s"]
    assert len(noted) == times
    for number, (value, labels) in enumerate(noted, 1):
        assert labels["call_site"][2] == "serve"
        assert value == pytest.approx(number * loop.LASTS_S, abs=0.007)
    assert lags_s[:times] == pytest.approx([value for value, _ in noted])  # and then comes its answer


def test_how_busy_the_loop_was_is_noted_with_the_requests_that_ended(
    planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, sampler, told, clock = planted
    ended = iter([7, 9])
    monkeypatch.setattr(Clocks, "computed_s", lambda _clocks: clock.now_s / 2)
    probe = LoopProbe(told, sampler, lambda: next(ended))  # type: ignore[arg-type]  # the same

    async def serve() -> None:
        probe.start()
        next(sampler.looks)
        clock.now_s += SECONDS
        await asyncio.sleep(0)

    asyncio.run(serve())
    ((value, labels),) = [(value, labels) for metric, value, labels in told.samples if metric == "busy_s"]
    assert (value, labels) == (
        pytest.approx(SECONDS / 2),
        {"ended": 2, "passed_s": pytest.approx(SECONDS)},
    )


def test_what_a_late_loop_spent_its_time_in_is_noted(planted: Planted) -> None:
    probe, sampler, told, clock = planted

    async def serve() -> None:
        probe.start()
        for _ in range(3):
            next(sampler.looks)
            clock.now_s += SECONDS / 2
            sampler.due_s = clock.now_s
            next(sampler.looks)
            await asyncio.sleep(0)

    asyncio.run(serve())
    spent = [
        (labels["call_site"][2], round(value, 6)) for metric, value, labels in told.samples if metric == "late_in_s"
    ]
    assert spent == [("serve", SECONDS)]


def test_how_fast_the_interpreter_is_is_noted_five_times_a_second(planted: Planted) -> None:
    probe, sampler, told, clock = planted

    async def serve() -> None:
        probe.start()
        for _ in range(11):
            next(sampler.looks)
            await asyncio.sleep(0)
            clock.now_s += loop.PIECE_EVERY_S / 5

    asyncio.run(serve())
    assert [metric for metric, *_ in told.samples].count("piece_s") == 3


def test_a_closed_loop_is_asked_no_more(planted: Planted) -> None:
    probe, sampler, _, _ = planted

    async def serve() -> None:
        probe.start()

    asyncio.run(serve())
    assert list(sampler.looks) == []
