"""Every target by name."""

from __future__ import annotations

from dataclasses import replace

from harness.model.plan import Control, Target
from targets.flaws.catalog import FLAWS
from targets.reference.catalog import REFERENCES

TWINS: dict[str, Target] = {
    target.name: target
    for target in (
        Target(
            name="async",
            model="async",
            driver="asyncpg",
            app="targets.async_api.main:app",
            reference="async:reference",
        ),
        Target(
            name="sync", model="sync", driver="psycopg2", app="targets.sync_api.main:app", reference="sync:reference"
        ),
    )
}
PROBES = ("loop", "queries", "requests", "pool")
# The twins with every probe inside, to be looked into, and to be held against those without.
PROBED: dict[str, Target] = {
    f"{name}:probed": replace(twin, name=f"{name}:probed", probes=PROBES) for name, twin in TWINS.items()
}
# What brings any flaw to light, for the twins to stand up to: by cuts and faults, and under load with all probes.
CONTROLS: dict[str, Control] = {
    **{
        name: Control(
            target=twin,
            cuts=tuple(dict.fromkeys(cut for flaw in FLAWS.values() for cut in flaw.cuts)),
            faults=tuple(dict.fromkeys(fault for flaw in FLAWS.values() for fault in flaw.faults)),
        )
        for name, twin in TWINS.items()
    },
    **{
        name: Control(
            target=twin,
            load=tuple(dict.fromkeys(load for flaw in FLAWS.values() for load in flaw.load)),
            added_ms=tuple(dict.fromkeys(added_ms for flaw in FLAWS.values() for added_ms in flaw.added_ms)),
        )
        for name, twin in PROBED.items()
    },
    **FLAWS,
}
# With one each, to see which of them costs what.
PROBED_BY_ONE: dict[str, Target] = {
    f"{name}:{probe}": replace(twin, name=f"{name}:{probe}", probes=(probe,))
    for name, twin in TWINS.items()
    for probe in PROBES
}
# The same with less than the load needs, to be told what they are short of.
SHORT: dict[str, Target] = {
    target.name: target
    for target in (
        *(replace(twin, name=f"{name}:small-pool", pool=2, probes=("pool",)) for name, twin in TWINS.items()),
        replace(TWINS["sync"], name="sync:few-threads", threads=2, probes=("pool",)),
    )
}
CATALOG: dict[str, Target] = {
    **TWINS,
    **REFERENCES,
    **PROBED,
    **PROBED_BY_ONE,
    **SHORT,
    **{name: flaw.target for name, flaw in FLAWS.items()},
}
