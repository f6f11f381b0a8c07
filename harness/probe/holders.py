"""Who holds the connections of the pool, what each holder is doing, and who waits for one.

Fifty times a second a thread looks at every connection that is checked out and every request that is under way. A
connection whose request is over, and which nobody has given back, has leaked.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Pool, event

from harness.probe.culprit import caller, name_of, of_application, waits_at
from harness.probe.phases import Phase, PhaseProbe, Request, under_way
from harness.probe.recorder import Recorder

LOOK_EVERY_S = 0.02
OVER = "over"  # what a holder does whose request has ended
NOBODYS = "background"  # what one does that no request has checked out


@dataclass(frozen=True)
class _Held:
    request: Request | None
    culprit: str
    since_s: float


class HolderProbe:
    """Notes ``in_use`` and ``waiting`` of the pool, with what holders do as labels, and connections invalidated.

    Labels of ``in_use``: how many holders are in each phase, or whose request is ``over``, and at which ``culprit`` the
    most of those stand that ask nothing of the database: where they wait or, if they are over, where they checked out.
    ``waiting`` are requests without a connection that wait for one (label ``connection``), for a ``thread`` or for
    something else (``elsewhere``); label ``in_thread`` counts those that have a thread, with a connection or without.
    """

    def __init__(self, phases: PhaseProbe, recorder: Recorder) -> None:
        self._phases = phases
        self._recorder = recorder
        self._lock = threading.Lock()
        self._held: dict[int, _Held] = {}
        event.listen(Pool, "checkout", self._checked_out)
        event.listen(Pool, "checkin", self._checked_in)
        event.listen(Pool, "invalidate", self._invalidated)
        threading.Thread(target=self._look, name="twinbench pool", daemon=True).start()

    def _checked_out(self, _connection: object, record: object, _proxy: object) -> None:
        request = under_way.get()
        held = _Held(request, name_of(caller()), time.monotonic())
        with self._lock:
            self._held[id(record)] = held
        if request:
            request.connections += 1

    def _checked_in(self, _connection: object, record: object) -> None:
        with self._lock:
            held = self._held.pop(id(record), None)
        if held and held.request:
            held.request.connections -= 1

    def _invalidated(self, _connection: object, _record: object, error: BaseException | None) -> None:
        self._recorder.note("pool", "invalidated", 1, error=type(error).__name__ if error else "")

    def _look(self) -> None:
        while True:
            time.sleep(LOOK_EVERY_S)
            with self._lock:
                held = list(self._held.values())
            doing = Counter(_phase(one) for one in held)
            idle = Counter(_place(one) for one in held if _phase(one) not in {Phase.DATABASE, Phase.CONNECTION})
            requests = list(self._phases.in_flight)
            without = Counter(str(one.phase) for one in requests if not one.connections)
            self._recorder.note(
                "pool",
                "in_use",
                len(held),
                culprit=idle.most_common(1)[0][0] if idle else "",
                longest_s=f"{time.monotonic() - min((one.since_s for one in held), default=time.monotonic()):.3f}",
                **{name: str(count) for name, count in doing.items()},
            )
            waits = {phase: without[phase] for phase in (Phase.CONNECTION, Phase.THREAD, Phase.ELSEWHERE)}
            self._recorder.note(
                "pool",
                "waiting",
                sum(waits.values()),
                in_thread=str(sum(one.thread is not None for one in requests)),
                **{str(phase): str(count) for phase, count in waits.items()},
            )


def _phase(held: _Held) -> str:
    if held.request is None:
        return NOBODYS
    return OVER if held.request.over else str(held.request.phase)


def _place(held: _Held) -> str:
    """Name where a holder stands: the application's innermost call that waits or runs, else where it checked out."""
    if held.request is None or held.request.over:
        return held.culprit
    thread = held.request.thread
    if thread is None:
        return waits_at(held.request.coroutine) or held.culprit
    frame = of_application(sys._current_frames().get(thread))  # noqa: SLF001 - documented for this purpose
    return name_of(frame) if frame else held.culprit
