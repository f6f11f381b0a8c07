"""A target that many clients read users from at once, and what its probes and PostgreSQL tell of it."""

import threading
import time
from dataclasses import replace
from pathlib import Path

from harness.load.single_client import Client
from harness.model.evidence import Evidence, Window
from harness.model.plan import Target
from harness.provision.meter import SessionMeter
from harness.provision.target import target_process, wait_until_serving
from targets.workload import WORKLOAD
from tests.evidence import evidence

CLIENTS = 16
WARM_S = 0.7
LOAD_S = 2.0


def seen_by_many(target: Target, url: str, log: Path) -> Evidence:
    """Let sixteen clients at once read users of a target, and return what was seen of it meanwhile."""
    ending = threading.Event()

    def read(address: str, number: int) -> None:
        with Client(address, 10.0) as client:
            for turn in iter(int, 1):
                if ending.is_set():
                    return
                client.send(WORKLOAD.request("get_user", 1000 * number + turn))

    with target_process(WORKLOAD, target, url, log) as running, SessionMeter(url) as meter:
        wait_until_serving(running)
        clients = [threading.Thread(target=read, args=(running.url, number)) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        time.sleep(WARM_S)
        start_ns = time.monotonic_ns()
        time.sleep(LOAD_S)
        window = Window(start_ns=start_ns, end_ns=time.monotonic_ns())
        ending.set()
        for client in clients:
            client.join()
        samples = (*running.probed(window), *meter.samples())
    return replace(evidence(), target=target, window=window, samples=samples)
