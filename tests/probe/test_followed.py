"""A request is served alike whether it is followed, only known, or neither; and a probe knows those that it says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SERVE = """
import asyncio, json, sys, time
from pathlib import Path
from harness.probe import phases
from harness.probe.recorder import FLUSH_S, Recorder

folder, tells, knows_all, falls = Path(sys.argv[1]), *(word == "True" for word in sys.argv[2:])
during = []

async def app(scope, receive, send):
    during.append(len(probe.known))
    await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": b"ok"})
    if scope["path"] == "/breaks":
        raise LookupError(scope["path"])

async def serve():
    sent = []

    async def send(message):
        sent.append(message["body"].decode())

    for path in ("/", "/breaks"):
        try:
            await probe({"type": "http", "method": "GET", "path": path, "headers": []}, None, send)
        except LookupError as error:
            sent.append(str(error))
    await asyncio.sleep(2 * FLUSH_S)
    return sent

probe = phases.PhaseProbe(app, Recorder(folder), lambda: 1, tells=tells, knows_all=knows_all)
probe._choice.falls = lambda: falls
print(json.dumps([asyncio.run(serve()), during, len(probe.known)]))
"""


@pytest.mark.parametrize("falls", [True, False])
@pytest.mark.parametrize("knows_all", [True, False])
@pytest.mark.parametrize("tells", [True, False])
def test_it_is_served_and_known(*, tells: bool, knows_all: bool, falls: bool, tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    argv = [sys.executable, "-c", SERVE, str(tmp_path), *map(str, (tells, knows_all, falls))]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=root)
    sent, during, after = json.loads(done.stdout)
    assert sent == ["ok", "ok", "/breaks"]
    assert during == [int(knows_all or (tells and falls))] * 2
    assert after == 0
    assert bool(list(tmp_path.iterdir())) == (tells and falls)
