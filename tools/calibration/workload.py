"""The workload that ships, with targets of which it is known how they compare: one is another again, or slower."""

from collections.abc import Iterator
from dataclasses import replace

from harness.model.plan import Target
from targets import workload
from targets.catalog import TWINS
from tools.calibration.slowed import APP_VARIABLE, SHARE_VARIABLE

SLOWER_PERCENT = (5, 20)


def _targets() -> Iterator[Target]:
    """Yield each twin, the same again, and slower ones.

    None is held against its bare application, which would take time from the comparisons.
    """
    for name, shipped in TWINS.items():
        twin = replace(shipped, reference="", direct_twin="")
        yield twin
        yield replace(twin, name=f"{name}:again")
        for percent in SLOWER_PERCENT:
            yield replace(
                twin,
                name=f"{name}:slower-{percent}",
                app="tools.calibration.slowed_app:app",
                variables={APP_VARIABLE: twin.app, SHARE_VARIABLE: str(percent / 100)},
            )


def settings(target: Target) -> Iterator[tuple[str, str, str]]:
    """Yield the settings of the twin that a target is made of; how it is slowed down is none of them."""
    return workload.settings(replace(target, variables={}))


WORKLOAD = replace(
    workload.WORKLOAD,
    name="tools.calibration.workload:WORKLOAD",
    targets={target.name: target for target in _targets()},
    controls={},
    probed={},
    settings=settings,
)
