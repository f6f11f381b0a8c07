"""Every target by name."""

from __future__ import annotations

from harness.model import Target

CATALOG: dict[str, Target] = {
    target.name: target
    for target in (
        Target(name="async", model="async", driver="asyncpg", app="targets.async_api.main:app"),
        Target(name="sync", model="sync", driver="psycopg2", app="targets.sync_api.main:app"),
    )
}
