"""Every target by name."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal

from harness.model.plan import Control, Decomposition, Factor, Target
from targets.flaws.catalog import FLAWS, SEEN_IN_CLAIMS, SEEN_IN_COMPARISONS

PROBES = ("loop", "queries", "requests", "pool")
NO_DRIVER = "none"
# Of the bare applications, which show what a twin's own code and settings cost. Written out here, and taken from
# neither the harness's ``SERVER`` nor ``Settings``: a fault in those is one of the twins' alone, and shows in the
# ratio. The limiter of threads is AnyIO's own.
BARE_SERVER = (
    *("--loop", "uvloop"),
    *("--http", "httptools"),
    *("--log-level", "warning"),
    "--no-access-log",
    *("--timeout-keep-alive", "75"),
    *("--timeout-graceful-shutdown", "2"),
)


def _by_name(targets: Iterable[Target]) -> dict[str, Target]:
    return {target.name: target for target in targets}


def _kind_of(twin: Target, kind: str) -> Target:
    """Return a twin under another name, to be changed: no direct target is the same as that."""
    return replace(twin, name=f"{twin.name}:{kind}", direct_twin="")


def _of_all_flaws(field: str) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(one for flaw in FLAWS.values() for one in getattr(flaw, field)))


DRIVERS: dict[Literal["async", "sync"], str] = {"async": "asyncpg", "sync": "psycopg2"}
TWINS: dict[str, Target] = {
    model: Target(
        name=model,
        model=model,
        driver=driver,
        app=f"targets.{model}_api.main:app",
        reference=f"{model}:reference",
        direct_twin=f"{model}:direct",
    )
    for model, driver in DRIVERS.items()
}
# The same without the proxy, to see what that costs.
DIRECT = _by_name(replace(_kind_of(twin, "direct"), direct=True) for twin in TWINS.values())
# The same with a driver that both can have, so that the execution model can be held apart from the driver.
ON_PSYCOPG = _by_name(replace(_kind_of(twin, "psycopg"), driver="psycopg") for twin in TWINS.values())
# What differs between the twins, one thing after the other.
MODEL_AND_DRIVERS = Decomposition(
    factors=(
        Factor(name="driver within async", kind="the drivers", first="async", second="async:psycopg"),
        Factor(name="execution model", kind="the execution model", first="async:psycopg", second="sync:psycopg"),
        Factor(name="driver within sync", kind="the drivers", first="sync:psycopg", second="sync"),
    )
)
REFERENCES = _by_name(
    Target(
        name=f"{model}:reference",
        model=model,
        driver=NO_DRIVER,
        app=f"targets.reference:{model}_app",
        server=BARE_SERVER,
    )
    for model in ("async", "sync")
)
# The twins with every probe inside, to be looked into, and to be held against those without.
PROBED = _by_name(replace(_kind_of(twin, "probed"), probes=PROBES) for twin in TWINS.values())
# With one each, to see which of them costs what.
PROBED_BY_ONE = _by_name(replace(_kind_of(twin, probe), probes=(probe,)) for twin in TWINS.values() for probe in PROBES)
# The same with less than the load needs, to be told what they are short of.
SHORT = _by_name(
    (
        *(replace(_kind_of(twin, "small-pool"), pool=2, probes=("pool",)) for twin in TWINS.values()),
        replace(_kind_of(TWINS["sync"], "few-threads"), threads=2, probes=("pool",)),
    )
)
FLAWED = {**_by_name(flaw.target for flaw in FLAWS.values()), **SEEN_IN_COMPARISONS, **SEEN_IN_CLAIMS}
# What brings any flaw to light, for the twins to stand up to: by cuts and faults, and under load with all probes.
CONTROLS: dict[str, Control] = {
    **{
        name: Control(target=twin, cuts=_of_all_flaws("cuts"), faults=_of_all_flaws("faults"))
        for name, twin in TWINS.items()
    },
    **{
        name: Control(target=twin, load=_of_all_flaws("load"), added_ms=_of_all_flaws("added_ms"))
        for name, twin in PROBED.items()
    },
    **FLAWS,
}
# The same without what they do about garbage collections, to see what those take.
UNFROZEN = _by_name(
    replace(_kind_of(twin, "unfrozen"), variables={"TWIN_GC_FREEZE": "false"}) for twin in TWINS.values()
)
# The same with one route through all layers, and through none, to see what those cost.
LAYERS = _by_name(
    replace(_kind_of(TWINS["async"], kind.replace("_", "-")), app=f"targets.claims.layers:{kind}")
    for kind in ("all_layers", "one_layer")
)
CATALOG = {
    **TWINS,
    **DIRECT,
    **ON_PSYCOPG,
    **REFERENCES,
    **PROBED,
    **PROBED_BY_ONE,
    **SHORT,
    **UNFROZEN,
    **LAYERS,
    **FLAWED,
}
