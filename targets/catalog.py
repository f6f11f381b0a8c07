"""Every target by name."""

from __future__ import annotations

from harness.model import Control, Target
from targets.flaws.catalog import FLAWS

TWINS: dict[str, Target] = {
    target.name: target
    for target in (
        Target(name="async", model="async", driver="asyncpg", app="targets.async_api.main:app"),
        Target(name="sync", model="sync", driver="psycopg2", app="targets.sync_api.main:app"),
    )
}
# What brings any flaw to light, for each twin to stand up to.
CONTROLS: dict[str, Control] = {
    **{
        name: Control(
            target=twin,
            cuts=tuple(dict.fromkeys(cut for flaw in FLAWS.values() for cut in flaw.cuts)),
            faults=tuple(dict.fromkeys(fault for flaw in FLAWS.values() for fault in flaw.faults)),
        )
        for name, twin in TWINS.items()
    },
    **FLAWS,
}
CATALOG: dict[str, Target] = {**TWINS, **{name: flaw.target for name, flaw in FLAWS.items()}}
