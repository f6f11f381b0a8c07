"""Every target by name."""

from __future__ import annotations

from dataclasses import replace

from harness.model import Control, Target
from targets.flaws.catalog import FLAWS, SEEN_INSIDE

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
# The twins with every probe inside, to be looked into, and to be held against those without.
PROBED: dict[str, Target] = {
    f"{name}:probed": replace(twin, name=f"{name}:probed", probes=("loop",)) for name, twin in TWINS.items()
}
CATALOG: dict[str, Target] = {
    **TWINS,
    **PROBED,
    **{name: flaw.target for name, flaw in FLAWS.items()},
    **SEEN_INSIDE,
}
