"""Every target by name."""

from __future__ import annotations

from harness.model import Target
from targets.flaws.catalog import FLAWS

TWINS: dict[str, Target] = {
    target.name: target
    for target in (
        Target(name="async", model="async", driver="asyncpg", app="targets.async_api.main:app"),
        Target(name="sync", model="sync", driver="psycopg2", app="targets.sync_api.main:app"),
    )
}
CATALOG: dict[str, Target] = {**TWINS, **{name: flaw.target for name, flaw in FLAWS.items()}}
