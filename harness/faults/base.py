"""A fault as such: where it happens, how it is undone, and what several of them do."""

from __future__ import annotations

import signal
from abc import ABC, abstractmethod
from contextlib import ExitStack, suppress
from typing import ClassVar

import psutil

from harness.faults.context import FaultContext, Sending, wait_for


class BaseFault(ABC):
    """A fault whose ``inject`` puts on ``undo`` whatever is to be undone, before it does it.

    ``needs`` names the workload's handles that it can't do without.
    """

    kind: str
    detail: str
    needs: ClassVar[tuple[str, ...]] = ()

    def __init__(self, context: FaultContext) -> None:
        self.context = context
        self.handles = context.workload.handles
        self.undo = ExitStack()

    @abstractmethod
    def inject(self) -> str:
        """Start it, and return what proves that it took effect; empty if nothing does."""

    def heal(self) -> None:
        """Undo what was done, the last first; safe to call whatever happened before."""
        self.undo.close()

    def add_toxic(self, kind: str, stream: str, **attributes: int) -> None:
        """Put a toxic in force until the fault is healed."""
        name = f"{self.kind}_{stream}"
        self.undo.callback(self.context.proxy.remove_toxic, name)
        self.context.proxy.add_toxic(name, kind, stream, **attributes)

    def freeze(self, process: psutil.Process) -> bool:
        """Stop a process until the fault is healed, and return whether it is stopped."""
        self.undo.callback(_let_go_on, process)
        process.send_signal(signal.SIGSTOP)
        return wait_for(lambda: process.status() == psutil.STATUS_STOPPED, 1.0)

    def send(self, operation: str, clients: int, seed: int | None = None) -> list[Sending]:
        """Have so many clients connect, and then each send a write."""
        sent = [self.context.begin(operation, seed=seed) for _ in range(clients)]
        for one in sent:
            one.send()
        return sent


def _let_go_on(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(signal.SIGCONT)
