"""Programs of ``targets.claims``: each is run in a process of its own, and tells what it sees line by line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence

from pydantic import TypeAdapter, ValidationError

from harness.errors import PartDied
from harness.experiments.base import Run
from harness.model.claims import Observation
from harness.provision.processes import Launch, started

TIMEOUT_S = 120.0


def told_by(
    run: Run, program: str, words: Sequence[object] = (), variables: Mapping[str, str] | None = None
) -> list[Observation]:
    """Run a program to its end, with the database's URL in ``TWIN_DATABASE_URL``, and return what it told.

    Raises:
        PartDied: It failed, told something else than observations, or did not end in time.
    """
    argv = [sys.executable, "-m", f"targets.claims.{program}", *words]
    environment = {"TWIN_DATABASE_URL": run.services.postgres.url, **(variables or {})}
    log = run.store.log(f"claim-{program}")
    with started(f"Claim {program}", argv, log=log, launch=Launch(environment=environment, piped=True)) as child:
        try:
            out, _ = child.popen.communicate(timeout=TIMEOUT_S)
            if child.popen.returncode == 0:
                return [TypeAdapter(Observation).validate_json(line) for line in out.splitlines()]
            why = f"ended with code {child.popen.returncode}: {child.last_words()}"
        except subprocess.TimeoutExpired:
            why = f"did not end in {TIMEOUT_S:.0f} s"
        except ValidationError as error:
            why = f"told no observation: {error.errors()[0]['msg']}"
    raise PartDied(f"{child.name} {why}", f"Read {log}")
