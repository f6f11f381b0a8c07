"""What a thread did is told from what the machine did, by what it computed and by how late the one that looks is."""

import pytest

from harness.probe.passed_time import PassedTime

MS = 1e-3
LOOKS_AFTER = 2 * MS


class Clocks:
    """Clocks of a thread as a test sets them."""

    def __init__(self) -> None:
        self.computed = self.waited = self.process = 0.0

    def computed_s(self) -> float:
        return self.computed

    def core_wait_s(self) -> float:
        return self.waited

    def is_ready(self) -> bool:
        return False

    def process_s(self) -> float:
        return max(self.process, self.computed)


def passed(
    took: float, computed: float = 0, waited: float = 0, looking_waited: float = 0, others: float = 0
) -> dict[str, float]:
    """What is told after a look that was due after 2 ms and came after so many, in whole microseconds."""
    clocks, looking = Clocks(), Clocks()
    time = PassedTime(clocks, 1.0)  # type: ignore[arg-type]  # a stand-in with what it calls
    time.looked_at_by(looking)  # type: ignore[arg-type]  # the same
    clocks.computed, clocks.waited, looking.waited = computed * MS, waited * MS, looking_waited * MS
    clocks.process = (computed + others) * MS
    told = time.read(1.0 + took * MS, 1.0 + LOOKS_AFTER)
    return {name: round(value / MS, 3) for name, value in told._asdict().items()}


def test_a_call_that_waits_lets_the_other_thread_look_in_time() -> None:
    told = passed(2)
    assert (told["ran_s"], told["process_ran_s"], told["kept_s"]) == (2, 2, 0)


def test_a_machine_that_stands_still_is_no_call_of_any_length() -> None:
    told = passed(50)
    assert (told["ran_s"], told["process_ran_s"], told["kept_s"]) == (2, 2, 0)


def test_a_call_that_computes_and_keeps_the_lock_is_as_long_as_it_computed() -> None:
    told = passed(50, computed=50)
    assert (told["ran_s"], told["kept_s"]) == (50, 48)
    told = passed(50, computed=20)  # of a machine that stood still as well
    assert (told["ran_s"], told["kept_s"]) == (22, 20)


def test_a_wait_for_a_core_is_taken_off_once() -> None:
    told = passed(50, computed=20, waited=30)
    assert (told["ran_s"], told["core_wait_s"]) == (20, 30)


def test_what_was_computed_while_the_other_had_no_core_to_look_may_be_many_calls_and_kept_nobody() -> None:
    told = passed(50, computed=50, looking_waited=48)
    assert (told["ran_s"], told["process_ran_s"], told["kept_s"]) == (2, 50, 0)


def test_one_that_had_no_core_can_have_missed_a_call_that_waits() -> None:
    assert passed(50, looking_waited=48)["ran_s"] == 50


def test_another_thread_that_had_the_lock_is_the_process_s_own() -> None:
    told = passed(50, others=48)
    assert (told["ran_s"], told["process_ran_s"], told["process_kept_s"], told["kept_s"]) == (2, 50, 48, 0)


@pytest.mark.parametrize("looking", [True, False])
def test_what_was_told_is_not_told_again(*, looking: bool) -> None:
    clocks, its = Clocks(), Clocks()
    clocks.computed = clocks.waited = its.waited = 7.0
    time = PassedTime(clocks, 1.0)  # type: ignore[arg-type]  # the same
    if looking:
        time.looked_at_by(its)  # type: ignore[arg-type]  # the same
    for _ in range(2):
        clocks.computed += 0.01
        told = time.read(1.01, 1.0)
        assert told.computed_s == pytest.approx(0.01)
        assert told.core_wait_s == 0


def looked_every_two_ms(waits_for_looks: int, *, late: bool) -> float:
    """What is told of a thread that is ready and has no core, in milliseconds, once it has had one again."""
    clocks, now_s = Clocks(), 1.0
    time = PassedTime(clocks, now_s)  # type: ignore[arg-type]  # the same
    ran_s = 0.0
    for look in range(waits_for_looks + 1):
        due_s = now_s + LOOKS_AFTER
        now_s += 10 * LOOKS_AFTER if late else LOOKS_AFTER
        if look == waits_for_looks:  # Linux tells of the wait as it ends
            clocks.waited = now_s - 1.0 - 0.5 * MS
            clocks.computed += 0.5 * MS
        ran_s += time.read(now_s, due_s).ran_s
    return round(ran_s / MS, 3)


@pytest.mark.parametrize("late", [True, False])
def test_a_wait_that_is_told_of_when_it_ends_is_taken_off_what_was_told_before(*, late: bool) -> None:
    """Once, whether the other thread could look meanwhile or had no core either."""
    assert looked_every_two_ms(10, late=late) == 0.5


@pytest.mark.parametrize(("ready", "waits_ms"), [(True, 6), (False, 0)])
def test_a_wait_that_goes_on_is_known_by_the_state_of_the_thread(*, ready: bool, waits_ms: float) -> None:
    clocks = Clocks()
    time = PassedTime(clocks, 1.0)  # type: ignore[arg-type]  # the same
    clocks.computed = 0.001
    time.read(1.002, 1.002)
    for look in (1.004, 1.006, 1.008):
        time.read(look, look)
    clocks.is_ready = lambda: ready  # type: ignore[method-assign]  # as the system says
    assert time.waits_s() == pytest.approx(waits_ms * MS)
