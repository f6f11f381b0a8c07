"""A driver without ``await`` is told of where it is asked in the event loop's thread, and nowhere else."""

import os
import subprocess
import sys
from pathlib import Path

ASKS = """
import asyncio
from sqlalchemy import StaticPool, create_engine, text
from harness.probe.blocking import BlockingCalls
from harness.probe.dialects import telling
from harness.probe.served import looked_into

seen = []

class Told:
    def note(self, probe, metric, value, call_site):
        seen.append((metric, call_site[2], value >= 0))

def engine():
    return create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})

server, within = engine(), engine()
server.dialect.name = "a server"  # any but those within the process

def ask(of):
    seen.clear()
    with telling, of.connect() as connection:
        connection.execute(text("SELECT 1"))
        connection.commit()
    return sorted(seen)

async def serve():
    BlockingCalls(Told()).start()
    looked_into.set(True)
    told = [("blocked_s", "ask", True)]
    ask(server)  # which asks a few things of its own with the first connection
    assert ask(server) == told * 3, seen  # with the rollback that gives the connection back
    assert ask(within) == []
    assert await asyncio.to_thread(ask, server) == []
    looked_into.set(False)
    assert ask(server) == []

asyncio.run(serve())
"""


def test_calls_in_the_loops_thread_are_timed_with_their_line(tmp_path: Path) -> None:
    application = tmp_path / "asks.py"
    application.write_text(ASKS)
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, str(application)], check=True, env={**os.environ, "PYTHONPATH": str(root)})
