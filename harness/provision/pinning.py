"""Processors that the targets, the load generator and all else are kept to, so that none takes another's."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from harness.errors import UsageError
from harness.model.plan import Processors


def share_out(targets: int) -> Processors:
    """Share out the processors that this process may use: ``targets`` of them for the targets, one for the load.

    All else, which is PostgreSQL, the proxy and twinbench itself, has what is left; the load generator's, if nothing
    is, as on a machine with two.

    Raises:
        UsageError: There are too few, or this system has no way to say which process runs where.
    """
    if not hasattr(os, "sched_setaffinity"):
        raise UsageError("--pin needs Linux, where a process can be kept to a processor", "Leave out --pin")
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) <= targets:
        said = f"--pin needs {targets + 1} processors or more, and this process may use {len(usable)}"
        raise UsageError(said, "Leave out --pin, or give it more processors")
    generator = usable[targets]
    return Processors(
        targets=tuple(usable[:targets]),
        generator=(generator,),
        rest=tuple(usable[targets + 1 :]) or (generator,),
    )


@contextmanager
def confined(processors: Collection[int]) -> Iterator[None]:
    """Keep this thread, and what it starts meanwhile, to these processors; no processors mean no limit.

    A child inherits this from the thread that starts it, before any thread of its own is there.
    """
    if not processors:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, processors)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
