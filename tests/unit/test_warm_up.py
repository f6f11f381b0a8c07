"""How long a target's requests take is known by its warm-up, in whichever part of that nothing held it up."""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from harness.experiments.comparison import sliced


class Load:
    """A load whose requests took so long, each time that it ended."""

    def __init__(self, *medians_s: float) -> None:
        self._medians_s = iter(medians_s)

    def begin(self, _number: int) -> None:
        """Begin."""

    def end(self, _number: int) -> tuple[int, float]:
        return 0, next(self._medians_s)


@pytest.mark.parametrize("medians_s", [(0.35, 0.02), (0.02, 2.0)])
def test_what_opens_connections_or_is_held_up_makes_no_long_slices(
    medians_s: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sliced, "WARM_UP_S", 0)
    monkeypatch.setattr(sliced, "resumed", lambda _child: nullcontext())
    trial: Any = SimpleNamespace(target="a", scenario="write", added_ms=0)
    testbed = SimpleNamespace(running=SimpleNamespace(child=None))
    block: Any = SimpleNamespace(medians_s={}, testbeds={"a": testbed})
    clocks: Any = None
    load: Any = Load(*medians_s)
    side = sliced._Side(number=0, trial=trial, block=block, clocks=clocks)
    side.warm_up(load)
    assert side.median_s == 0.02
