"""Connections are accepted, and end at once: something listens, but the database behind it does not."""

from __future__ import annotations

from harness.faults.base import BaseFault
from harness.faults.database import Question

NOBODY = "127.0.0.1:1"


class UpstreamDead(BaseFault):
    """The balancer stands, the database behind it is gone: connect succeeds, then the end."""

    kind = "upstream_dead"
    detail = "accepted, then ended"

    def inject(self) -> str:
        """Lead the proxy to nobody; the proof is a connection that was accepted and then ended."""
        self.undo.callback(self.context.proxy.point_at, self.context.postgres_address)
        self.context.proxy.point_at(NOBODY)
        error = Question(self.context).failed(2.0)
        return f"accepted, then: {error}" if error and "refused" not in error else ""
