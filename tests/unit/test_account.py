"""What a target tells of a trial; one whose event loop stands still tells nothing, and the trial has its evidence."""

from collections.abc import Iterator

import pytest

from harness.errors import PartDied
from harness.experiments import trial
from harness.experiments.trial import Account
from harness.provision.target import Served


class Target:
    """Answers what it is to, by turns: a count of requests, or nothing."""

    def __init__(self, answers: Iterator[int | None], *, running: bool = True) -> None:
        self._answers, self._running = answers, running
        self.child = self

    def running(self) -> bool:
        return self._running

    def served(self) -> Served:
        requests = next(self._answers)
        if requests is None:
            raise PartDied("Target x does not answer", "Read its log")
        return Served(requests=requests, collections=(0, 0, 0), collections_s=(0.0, 0.0, 0.0))


@pytest.fixture(autouse=True)
def no_clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial.Account, "_used_s", lambda _account: 0.0)


def told(*answers: int | None, running: bool = True) -> dict[tuple[str, str], float]:
    account = Account(Target(iter(answers), running=running))  # type: ignore[arg-type]  # a stand-in with what it calls
    return {(one.probe, one.metric): one.value for one in account.samples(5)}


def test_it_is_what_came_since_the_trial_began() -> None:
    assert told(7, 12)["served", "requests"] == 5


@pytest.mark.parametrize("answers", [(None, 12), (7, None), (None, None)])
def test_of_a_target_that_stands_still_only_what_its_clients_recorded_is_known(answers: tuple[int | None, ...]) -> None:
    assert told(*answers) == {("load", "recorded"): 5}


def test_one_that_has_ended_ends_the_trial() -> None:
    with pytest.raises(PartDied):
        told(None, 12, running=False)
