"""The bare applications that show what a twin's own code and settings cost, by name, and the server they run on."""

from __future__ import annotations

from collections.abc import Mapping

from harness.model.plan import Target

# Written out here, and taken from neither the harness's ``SERVER`` nor ``Settings``: a fault in those is one of the
# twins' alone, and shows in the ratio. The limiter of threads is AnyIO's own.
SERVER = (
    *("--loop", "uvloop"),
    *("--http", "httptools"),
    *("--log-level", "warning"),
    "--no-access-log",
    *("--timeout-keep-alive", "75"),
    *("--timeout-graceful-shutdown", "2"),
)
REFERENCES: Mapping[str, Target] = {
    target.name: target
    for target in (
        Target(
            name="async:reference", model="async", driver="none", app="targets.reference.async_ping:app", server=SERVER
        ),
        Target(
            name="sync:reference", model="sync", driver="none", app="targets.reference.sync_ping:app", server=SERVER
        ),
    )
}
