"""A request is served alike whether it is followed, only known, or neither; and it is known as what it is."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SERVE = """
import asyncio, json, sys
from pathlib import Path
from harness.probe import phases, request
from harness.probe.request_sampling import RequestSampling
from harness.probe.recorder import FLUSH_S, Recorder
from harness.probe.served import Served, looked_into

folder, follows, knows, falls = Path(sys.argv[1]), *(word == "True" for word in sys.argv[2:])
seen = []

async def app(scope, receive, send):
    known = request.under_way.get()
    seen.append(known)
    assert looked_into.get() == falls
    await asyncio.sleep(0)
    assert known is None or request.came(known)() is asyncio.current_task()
    await send({"type": "http.response.body", "body": b"ok"})
    if scope["path"] == "/breaks":
        raise LookupError(scope["path"])

async def serve():
    sent = []

    async def send(message):
        sent.append(message["body"].decode())

    async def serve_one(scope):
        try:
            await served(scope, None, send)
        finally:
            assert not looked_into.get()

    for path in ("/", "/breaks"):
        scope = {"type": "http", "method": "GET", "path": path, "headers": []}
        try:
            await asyncio.create_task(serve_one(scope))
        except LookupError as error:
            sent.append(str(error))
    await asyncio.sleep(2 * FLUSH_S)
    return sent

served = Served(app)
served.sampling = RequestSampling()
served.sampling.decide = lambda: falls
if follows:
    served.looked_into = phases.PhaseProbe(app, Recorder(folder), served.in_flight)
if knows:
    served.begins = lambda: request.beginning(asyncio.get_running_loop())()
sent = asyncio.run(serve())
over = [not task or task.done() for task in (request.came(one)() for one in seen if one)]
print(json.dumps([sent, [type(one).__name__ for one in seen], over, served.in_flight()]))
"""


@pytest.mark.parametrize("falls", [True, False])
@pytest.mark.parametrize("knows", [True, False])
@pytest.mark.parametrize("follows", [True, False])
def test_it_is_served_and_known(*, follows: bool, knows: bool, falls: bool, tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    argv = [sys.executable, "-c", SERVE, str(tmp_path), *map(str, (follows, knows, falls))]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=root)
    sent, seen, over, in_flight = json.loads(done.stdout)
    assert sent == ["ok", "ok", "/breaks"]
    as_what = "Followed" if follows and falls else "ReferenceType" if knows else "NoneType"
    assert seen == [as_what] * 2
    assert over == [True] * (2 if (follows and falls) or knows else 0)
    assert in_flight == 0
    assert bool(list(tmp_path.iterdir())) == (follows and falls)
