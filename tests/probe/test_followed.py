"""A request is served alike whether it is followed, only known, or neither; and it is known as what it is."""

import json
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

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


HOW = list(product((True, False), repeat=3))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[bool, ...], tuple[list[Any], Path]]:
    """What was served, and where samples are, by how; all at the same time, as each takes long to begin and to end."""
    root = Path(__file__).parents[2]
    folders: dict[tuple[bool, ...], Path] = {how: tmp_path_factory.mktemp("samples") for how in HOW}
    begun = {
        how: subprocess.Popen(
            [sys.executable, "-c", SERVE, str(folder), *map(str, how)], stdout=subprocess.PIPE, text=True, cwd=root
        )
        for how, folder in folders.items()
    }
    return {how: (json.loads(process.communicate(timeout=60)[0]), folders[how]) for how, process in begun.items()}


@pytest.mark.parametrize("falls", [True, False])
@pytest.mark.parametrize("knows", [True, False])
@pytest.mark.parametrize("follows", [True, False])
def test_it_is_served_and_known(
    *, follows: bool, knows: bool, falls: bool, served: dict[tuple[bool, ...], tuple[list[Any], Path]]
) -> None:
    (sent, seen, over, in_flight), folder = served[follows, knows, falls]
    assert sent == ["ok", "ok", "/breaks"]
    as_what = "Followed" if follows and falls else "ReferenceType" if knows else "NoneType"
    assert seen == [as_what] * 2
    assert over == [True] * (2 if (follows and falls) or knows else 0)
    assert in_flight == 0
    assert bool(list(folder.iterdir())) == (follows and falls)
