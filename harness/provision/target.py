"""A target: uvicorn in a process of its own, with the probes in front of the application."""

from __future__ import annotations

import json
import marshal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import psutil
from pydantic import TypeAdapter

from harness.errors import PartDied
from harness.model.evidence import Sample, Window
from harness.model.plan import Target
from harness.model.verdict import Place
from harness.model.workload import Workload
from harness.provision.addresses import HOST, free_port
from harness.provision.http_connection import get
from harness.provision.processes import Child, Launch, started, temporary_folder, wait_until
from harness.workload.find import require_operations

START_TIMEOUT_S = 60.0
STOP_GRACE_S = 5.0
ANSWER_TIMEOUT_S = 5.0
SERVED_PATH = "/-/twinbench/served"  # harness.probe.served.PATH; the probe lives in the target's process

GAUGE = ".checked-out"  # harness.probe.pool.SUFFIX, the same
GAUGES_VARIABLE = "TWINBENCH_GAUGES"  # harness.probe.attach.GAUGES_VARIABLE
PROBES_VARIABLE = "TWINBENCH_PROBES"  # harness.probe.attach.PROBES_VARIABLE
SAMPLES_VARIABLE = "TWINBENCH_SAMPLES"  # harness.probe.recorder.FOLDER_VARIABLE
PROBES_FLUSH_S = 0.6  # somewhat more than harness.probe.recorder.FLUSH_S

SERVER = (
    *("--loop", "uvloop"),  # both twins at their best: libuv and the C parser
    *("--http", "httptools"),
    *("--log-level", "warning"),
    "--no-access-log",
    *("--timeout-keep-alive", "75"),  # longer than any pause of a client, so that no connection goes stale
    *("--timeout-graceful-shutdown", "2"),
)


@dataclass(frozen=True, kw_only=True)
class Served:
    """What a target tells of itself: requests so far, garbage collections by generation, and their processor time."""

    requests: int
    collections: tuple[int, ...]
    collections_s: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class RunningTarget:
    """A target that serves."""

    target: Target
    url: str
    child: Child
    gauges: Path | None = None
    probes: Path | None = None

    def workers(self) -> list[psutil.Process]:
        """Return the processes that serve: the children of uvicorn's supervisor but for its resource tracker."""
        with suppress(psutil.Error):
            return [child for child in self.child.process.children() if "spawn_main" in " ".join(child.cmdline())]
        return []

    def checked_out(self) -> int | None:
        """Return how many connections all workers have checked out of their pools; None if one did not tell."""
        if self.gauges is None:
            return None
        try:
            told = [(self.gauges / f"{worker.pid}{GAUGE}").read_bytes() for worker in self.workers()]
        except OSError:
            return None
        return sum(int.from_bytes(number, sys.byteorder, signed=True) for number in told)

    def probed(self, window: Window) -> list[Sample]:
        """Return what the probes noted in a window that has just ended; nothing if there are none."""
        if self.probes is None:
            return []
        time.sleep(PROBES_FLUSH_S)
        return [
            sample
            for path in sorted(self.probes.iterdir())
            for sample in read_samples(path)
            if window.start_ns <= sample.t_ns < window.end_ns
        ]

    def require_operations(self, workload: Workload) -> None:
        """Hold the workload against the application, if that shows its OpenAPI document.

        Raises:
            UsageError: Operations are not there.
        """
        reply = get(f"{self.url}/openapi.json", ANSWER_TIMEOUT_S)
        if reply.status == HTTPStatus.OK:
            require_operations(workload, json.loads(reply.body))

    def served(self) -> Served:
        """Return how many requests have reached the application so far, and what collecting garbage took.

        Raises:
            PartDied: The target does not answer.
        """
        try:
            return TypeAdapter(Served).validate_json(get(self.url + SERVED_PATH, ANSWER_TIMEOUT_S).body)
        except (OSError, ValueError) as error:
            raise PartDied(
                f"Target {self.target.name} does not answer: {self.child.last_words()}",
                f"Read {self.child.log}",
            ) from error


def read_samples(path: Path) -> Iterator[Sample]:
    """Read what the recorder of ``harness.probe`` has written, up to what is being written just now.

    Raises:
        ValueError: A sample has not as many labels as its kind: a mistake in a probe.
    """
    with path.open("rb") as file:
        while True:
            try:
                samples = marshal.load(file)  # noqa: S302 - from a process of our own
            except (EOFError, ValueError, TypeError):
                return
            for t_ns, (probe, metric, names), value, labels in samples:
                told = dict(zip(names, labels, strict=True))
                yield Sample(
                    t_ns=t_ns,
                    probe=probe,
                    metric=metric,
                    value=value,
                    fields={name: known for name, known in told.items() if isinstance(known, int | float)},
                    labels={name: known for name, known in told.items() if isinstance(known, str)},
                    places={name: Place(*known) for name, known in told.items() if isinstance(known, tuple)},
                )


@contextmanager
def target_process(
    workload: Workload,
    target: Target,
    database_url: str,
    log: Path,
    port: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[RunningTarget]:
    """Start a target at once; ``wait_until_serving`` says when it serves, so that several can start together.

    With a folder at ``GAUGES_VARIABLE`` its workers tell there how many connections they have checked out.
    """
    port = port or free_port()
    argv = [
        *(sys.executable, "-m", "uvicorn", "harness.probe.attach:app"),
        *("--host", HOST, "--port", str(port), "--workers", str(target.workers)),
        *(SERVER if target.server is None else target.server),
    ]
    variables = {**(environment or {}), "TWINBENCH_APP": target.app, **workload.variables(target, database_url)}
    gauges = variables.get(GAUGES_VARIABLE)
    with ExitStack() as stack:
        probes = None
        if target.probes:
            probes = stack.enter_context(temporary_folder("twinbench-probes-", within=Path(tempfile.gettempdir())))
            variables |= {PROBES_VARIABLE: " ".join(target.probes), SAMPLES_VARIABLE: str(probes)}
        child = stack.enter_context(
            started(f"Target {target.name}", argv, log=log, launch=Launch(environment=variables, grace_s=STOP_GRACE_S))
        )
        yield RunningTarget(
            target=target,
            url=f"http://{HOST}:{port}",
            child=child,
            gauges=Path(gauges) if gauges else None,
            probes=probes,
        )


def wait_until_serving(running: RunningTarget) -> None:
    """Wait for the first answer.

    Raises:
        PartDied: The process ended, or did not answer in time.
    """

    def answers() -> bool:
        try:
            return get(running.url + SERVED_PATH, 1.0).status == HTTPStatus.OK
        except OSError:
            return False

    wait_until(answers, running.child, START_TIMEOUT_S)
