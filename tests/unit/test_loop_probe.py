"""What is told of looks and answers that come as they may: late, in between, or not at all.

The interpreter's lock is let go at each read of a file, and the other thread goes on.
"""

import math
import threading
import time
from collections.abc import Callable

import pytest

from harness.probe.loop import ALERT_S, CALM_S, LoopProbe
from harness.probe.sampler import Sampler

SECONDS = 0.1


class Told:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.stalls_s: list[float] = []
        self.lengths: list[str] = []

    def note(self, _probe: str, metric: str, value: float, **labels: str) -> None:
        """Keep the length of a stall, and whether it is a guess."""
        if metric == "stall_s":
            self.stalls_s.append(value)
            self.lengths.append(labels["length"])


def do_nothing(_probe: "Probe") -> None:
    """Let nothing come in between."""


class Probe(LoopProbe):
    """Watches this thread, and does something else as it reads how long that waited for cores."""

    def __init__(self, told: Told, meanwhile: Callable[["Probe"], None] = do_nothing) -> None:
        super().__init__(told, Sampler())  # type: ignore[arg-type]  # it is only told
        self._meanwhile = meanwhile
        self._thread = threading.get_ident()
        self._clock = time.pthread_getcpuclockid(self._thread)
        self.ask(time.monotonic() - SECONDS)

    def ask(self, at_s: float) -> None:
        """Ask the loop, which does not answer yet."""
        self._asked_s = self._told_s = at_s
        self._overdue = True

    def _waited_for_cores_s(self) -> float:
        meanwhile, self._meanwhile = self._meanwhile, do_nothing
        meanwhile(self)
        return 0.0


@pytest.mark.parametrize("when", ["as the answer is worked out", "as it is looked at"])
def test_a_stall_is_told_whatever_comes_in_between(when: str) -> None:
    told = Told()
    probe = Probe(told)
    began_s = probe._asked_s
    probe._look(began_s, began_s, 0.0)
    if when == "as it is looked at":
        probe._meanwhile = lambda one: one._answer()
        probe._look(began_s + SECONDS / 2, began_s + SECONDS, 0.0)
    else:
        probe._look(began_s + SECONDS / 2, began_s + SECONDS, 0.0)
        probe._meanwhile = lambda one: one.ask(time.monotonic())
        probe._answer()
    assert [stall_s >= SECONDS for stall_s in told.stalls_s] == [True]


def _stop_the_clock(monkeypatch: pytest.MonkeyPatch) -> float:
    """Let no time pass, so that a slow machine changes no length."""
    now_s = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    return now_s


def look_in_another_call(probe: Probe, before_s: float, looked_s: float) -> None:
    """Look while the thread is in this call."""
    probe._look(before_s, looked_s, 0.0)


def look_outside(probe: Probe, monkeypatch: pytest.MonkeyPatch, before_s: float, looked_s: float) -> None:
    """Look while the thread is in no call of the application's."""
    with monkeypatch.context() as patched:
        patched.setattr("harness.probe.loop.of_application", lambda _frame: None)
        probe._look(before_s, looked_s, 0.0)


def test_a_call_that_makes_looks_late_is_told_whole() -> None:
    """It was seen at its beginning and 6 ms later, and never again until the answer 94 ms later."""
    told = Told()
    probe = Probe(told)
    asked_s = probe._asked_s
    probe._look(asked_s, asked_s, 0.0)
    probe._look(asked_s, asked_s + 0.006, 0.0)
    probe._answer()
    assert [stall_s >= SECONDS for stall_s in told.stalls_s] == [True]
    assert told.lengths == ["known"]


@pytest.mark.parametrize("elsewhere", ["another call", "outside"])
def test_a_call_has_ended_when_something_else_is_seen(elsewhere: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told()
    probe = Probe(told)
    asked_s = probe._asked_s
    probe._look(asked_s - SECONDS, asked_s, 0.0)  # the loop was silent before it was asked, which is none of its lag
    probe._look(asked_s, asked_s + 0.006, 0.0)
    if elsewhere == "another call":
        look_in_another_call(probe, asked_s + 0.006, asked_s + 0.03)
    else:
        look_outside(probe, monkeypatch, asked_s + 0.006, asked_s + 0.03)
    probe._answer()
    assert len(told.stalls_s) == 1
    assert told.stalls_s[0] == pytest.approx(0.012)  # what was seen, and once more as long as between looks
    assert told.lengths == ["guess"]


def test_a_call_that_is_seen_until_just_before_the_answer_is_told_until_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """It filled all of the lag but its last moment, in which something else was seen."""
    told = Told()
    probe = Probe(told)
    ended_s = _stop_the_clock(monkeypatch) - ALERT_S / 4
    probe.ask(ended_s - SECONDS)
    probe._look(probe._asked_s, probe._asked_s, 0.0)
    probe._look(probe._asked_s, ended_s - 0.01, 0.0)
    look_outside(probe, monkeypatch, ended_s - 0.01, ended_s)
    probe._answer()
    assert told.stalls_s == [pytest.approx(SECONDS)]


def test_two_calls_with_something_else_in_between_are_not_taken_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told()
    probe = Probe(told)
    asked_s = probe._asked_s
    probe._look(asked_s, asked_s, 0.0)
    look_outside(probe, monkeypatch, asked_s, asked_s + SECONDS / 2)
    probe._look(asked_s + SECONDS / 2, asked_s + SECONDS, 0.0)
    probe._answer()
    assert told.stalls_s == []


def test_what_is_not_the_applications_is_no_stall_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told()
    probe = Probe(told)
    asked_s = probe._asked_s
    probe._look(asked_s, asked_s, 0.0)
    look_outside(probe, monkeypatch, asked_s, asked_s + 0.002)
    look_outside(probe, monkeypatch, asked_s + 0.002, asked_s + SECONDS)
    probe._answer()
    assert told.stalls_s == []


def test_a_call_that_is_seen_as_the_loop_is_asked_began_when_that_went_silent() -> None:
    told = Told()
    probe = Probe(told)
    asked_s = probe._asked_s
    probe._look(asked_s - SECONDS, asked_s, 0.0)
    probe._look(asked_s, asked_s + SECONDS / 2, 0.0)
    probe._answer()
    assert [stall_s >= 2 * SECONDS for stall_s in told.stalls_s] == [True]


class Silent:
    """A loop that does not answer, for now."""

    due_s = math.inf

    def call_soon_threadsafe(self, _answer: Callable[[], None]) -> None:
        """Hear the question."""

    def is_closed(self) -> bool:
        """Say that it is still there."""
        return False


@pytest.mark.parametrize("computed_s", [0.0, SECONDS, 2 * SECONDS])
def test_the_loop_is_silent_since_its_last_sign_of_life(computed_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """In between, that is, of when the next was due; and if it has computed ever since, it is silent ever since."""
    told = Told()
    probe = Probe(told)
    probe._loop = probe._looking = Silent()  # type: ignore[assignment]  # all that watching wants of them
    watching = probe._watch()
    next(watching)
    probe._answer()
    probe._alive_s = _stop_the_clock(monkeypatch) - SECONDS
    probe._computed_alive_s = probe._computed_s() - computed_s
    next(watching)
    asked_s = probe._asked_s
    monkeypatch.setattr(time, "monotonic", lambda: asked_s + ALERT_S)
    next(watching)
    probe._answer()
    silent_s = SECONDS if computed_s else SECONDS - CALM_S / 2
    assert told.stalls_s == [pytest.approx(silent_s + ALERT_S, abs=ALERT_S / 4)]  # processor time goes on


def test_what_was_computed_before_a_sign_of_life_counts_no_more() -> None:
    probe = Probe(Told())
    probe._computed_alive_s = probe._computed_s() - 1
    probe._answer()
    asked_s = probe._alive_s + SECONDS
    assert probe._silent_since_s(asked_s, asked_s)[0] == pytest.approx(probe._alive_s + CALM_S / 2, abs=CALM_S / 4)


@pytest.mark.parametrize(
    ("due_ms", "computed_ms", "silent_since_ms", "unsure_ms"),
    [
        pytest.param(2, 0, 9, 9, id="long stopped by the machine, or this thread only"),
        pytest.param(6, 0, 5, 5, id="shortly stopped"),
        pytest.param(2, 8, 1, 1, id="the loop held the lock"),
        pytest.param(-2, 0, 5, 5, id="late before the sign of life"),
        pytest.param(-2, 9, 0.5, 0.5, id="late before the sign of life, as the loop held the lock"),
    ],
)
def test_a_thread_that_is_late_itself_asks(
    due_ms: float, computed_ms: float, silent_since_ms: float, unsure_ms: float
) -> None:
    """Ten ms after a sign of life."""
    probe = Probe(Told())
    probe._alive_s = alive_s = time.monotonic()
    probe._computed_alive_s = probe._computed_s() - computed_ms / 1e3
    since_s, unsure_s = probe._silent_since_s(alive_s + due_ms / 1e3, alive_s + 0.01)
    assert since_s - alive_s == pytest.approx(silent_since_ms / 1e3, abs=0.0005)
    assert unsure_s == pytest.approx(unsure_ms / 1e3, abs=0.0005)


@pytest.mark.parametrize(
    ("silent_s", "late_s", "length"),
    [
        pytest.param(SECONDS, ALERT_S, "known", id="silent, 7 ms of 97 unknown"),
        pytest.param(CALM_S, ALERT_S, "guess", id="silent, 7 ms of 11 unknown"),
        pytest.param(0.0, 2 * ALERT_S, "known", id="first seen after 4 ms of 100"),
        pytest.param(0.0, 0.02, "guess", id="first seen after 20 ms of 100"),
    ],
)
def test_a_length_is_known_as_well_as_its_beginning(
    silent_s: float, late_s: float, length: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Silent before the question, or seen by a late look after it."""
    told = Told()
    probe = Probe(told)
    probe._answer()
    probe._loop = probe._looking = Silent()  # type: ignore[assignment]  # all that watching wants of them
    now_s = _stop_the_clock(monkeypatch)
    probe._alive_s, probe._computed_alive_s = now_s - silent_s, probe._computed_s()
    watching = probe._watch()
    with monkeypatch.context() as patched:
        if not silent_s:
            patched.setattr("harness.probe.loop.of_application", lambda _frame: None)
        next(watching)
    for later_s in (late_s, late_s + ALERT_S):
        monkeypatch.setattr(time, "monotonic", lambda later_s=later_s: now_s + later_s)
        next(watching)
    monkeypatch.setattr(time, "monotonic", lambda: now_s + (2 * ALERT_S if silent_s else SECONDS))
    probe._answer()
    assert told.lengths == [length]


@pytest.mark.parametrize(("unsure_share", "length"), [(0.09, "known"), (0.11, "guess")])
def test_a_length_is_a_guess_if_its_beginning_may_be_a_tenth_off(
    unsure_share: float, length: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told()
    probe = Probe(told)
    probe.ask(_stop_the_clock(monkeypatch) - SECONDS)
    probe._look(probe._asked_s, probe._asked_s, unsure_share * SECONDS)
    probe._look(probe._asked_s, probe._asked_s + SECONDS / 2, SECONDS)  # it is the first look that tells
    probe._answer()
    assert told.lengths == [length]


def test_a_call_began_after_another_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop went silent long before, in the other; both may have been one lag."""
    told = Told()
    probe = Probe(told)
    probe.ask(_stop_the_clock(monkeypatch) - SECONDS)
    asked_s = probe._asked_s
    look_in_another_call(probe, asked_s - SECONDS, asked_s)
    probe._look(asked_s, asked_s + SECONDS / 4, 0.0)
    probe._look(asked_s + SECONDS / 4, asked_s + SECONDS / 2, 0.0)
    probe._answer()
    assert told.stalls_s == [pytest.approx(SECONDS)]
