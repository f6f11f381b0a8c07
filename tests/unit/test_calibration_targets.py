"""Targets of a calibration: the same again, and slower by a known share of all that the process uses."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from targets.catalog import TWINS
from tools.calibration.slowed import Slowed, burn
from tools.calibration.workload import WORKLOAD


def test_the_same_again_differs_by_its_name_alone() -> None:
    for name, twin in TWINS.items():
        known = WORKLOAD.targets[name]
        assert known == replace(twin, reference="", direct_twin="")
        assert WORKLOAD.targets[f"{name}:again"] == replace(known, name=f"{name}:again")


def test_a_slower_one_has_the_settings_of_its_twin() -> None:
    for name in TWINS:
        plain = list(WORKLOAD.settings(WORKLOAD.targets[name]))
        assert list(WORKLOAD.settings(WORKLOAD.targets[f"{name}:slower-5"])) == plain


@pytest.mark.parametrize("share", [0.05, 0.2])
def test_it_costs_a_share_of_all_that_the_process_uses(share: float) -> None:
    async def costly(_scope: Any, _receive: Any, _send: Any) -> None:
        burn(0.001)

    slowed = Slowed(costly, share)

    async def serve() -> float:
        await slowed({"type": "http"}, None, None)  # type: ignore[arg-type]  # which nothing reads
        began_s, burnt_s = time.process_time(), slowed._burnt_s
        for _ in range(200):
            burn(0.0005)  # beside the request, as a server's own code and other threads are
            await slowed({"type": "http"}, None, None)  # type: ignore[arg-type]  # the same
        planted_s = slowed._burnt_s - burnt_s
        return planted_s / (time.process_time() - began_s - planted_s)

    assert asyncio.run(serve()) == pytest.approx(share, rel=0.1)


def test_what_was_used_before_the_first_request_is_not_owed() -> None:
    served: list[str] = []

    async def cheap(scope: Any, _receive: Any, _send: Any) -> None:
        served.append(scope["type"])

    slowed = Slowed(cheap, 1.0)
    burn(0.05)
    asyncio.run(slowed({"type": "lifespan"}, None, None))  # type: ignore[arg-type]  # which nothing reads
    assert slowed._burnt_s == 0
    asyncio.run(slowed({"type": "http"}, None, None))  # type: ignore[arg-type]  # the same
    assert 0 < slowed._burnt_s < 0.05
    assert served == ["lifespan", "http"]
