"""The workload that ships, with targets of which it is known what the probes must say: mistakes and sound ones.

A mistake is a flaw that load shows, or one that cuts do; here those that load shows have all probes, so that only what
is to blame may be blamed. What is sound is a target with all probes that no check may fail. ``make cases`` tries them
all; for one of them alone:

    twinbench run pages --workload tests.cases.workload:WORKLOAD --target sound:copied --latency-ms 0 --blocks 2
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from harness.model.plan import Control, Target
from targets import workload
from targets.catalog import DRIVERS, PROBED, PROBES
from targets.flaws.catalog import BROKEN_BY_FAULTS, SEEN_INSIDE

PREFIX = "sound:"


def _sound(
    name: str, model: Literal["async", "sync"] = "async", driver: str = "", *, load: str = "pages", app: str = ""
) -> Control:
    """Return a case that is sound: the application of a module of this name here, or else ``app``."""
    target = Target(
        name=f"{PREFIX}{name}",
        model=model,
        driver=driver or DRIVERS[model],
        app=app or f"tests.cases.{name}:app",
        probes=PROBES,
    )
    return Control(target=target, load=(load,))


_OF_TWINS = ("point-read", "pages", "write")
_TWINS = tuple(
    replace(_sound(f"{twin.model}_twin{suffix}", twin.model, driver, app=twin.app), load=_OF_TWINS)
    for twin in PROBED.values()
    for suffix, driver in (("", twin.driver), ("_on_psycopg", "psycopg"))
)
_OWN = (
    _sound("executemany_page", "async", "psycopg"),
    _sound("fan_out", "sync"),
    _sound("batched_in", "async", "psycopg"),
    _sound("commit_in_dependency", "sync", "psycopg", load="write"),
    _sound("bulk_returning", "async", load="write"),
    _sound("copied", "async"),
    _sound("pipelined", "async", "psycopg"),
    _sound("streamed", "async", "psycopg"),
    _sound("read_by_parts", "sync"),
    _sound("replica", "async", load="point-read"),
    _sound("loaded_pages", "sync"),
    _sound("keyset", "async"),
    _sound("call_in_a_thread", "async", load="point-read"),
    _sound("noted_afterwards", "async", "psycopg", load="point-read"),
    _sound("kept_for_a_while", "async", load="point-read"),
    _sound("version_retry", "async", load="point-read"),
    _sound("skip_locked", "sync", "psycopg", load="point-read"),
    _sound("plain_sessions", "async", load="point-read"),
)
# Sound neighbours of flaws, each beside the tests that hold the two apart.
_NEIGHBOURS = (
    *(
        _sound(f"{app}_page", app=f"tests.controls.sound_pages:{app}")
        for app in ("at_once", "returning", "in_a_list", "fanning_out", "streaming", "by_driver")
    ),
    *(
        _sound(f"{app}_loop", load="point-read", app=f"tests.controls.sound_loops:{app}")
        for app in ("page", "tasks", "client", "thread", "waiting", "signed")
    ),
    *(
        _sound(app, load="point-read", app=f"tests.controls.sound_waits:{app}")
        for app in ("short_lock", "wide_semaphore", "own_rows", "keyed_cache", "gathering")
    ),
    *(
        _sound(app, load="point-read", app=f"tests.controls.sound_connections:{app}")
        for app in ("lazily", "recycled", "afterwards", "pre_pinged", "by_asyncpg")
    ),
    _sound("short_thread_lock", "sync", load="point-read", app="tests.controls.sound_waits:short_thread_lock"),
)

SOUND: Mapping[str, Control] = {case.target.name: case for case in (*_TWINS, *_OWN, *_NEIGHBOURS)}
# Those that load shows, and one that only cuts do.
MISTAKES: Mapping[str, Control] = {
    **{name: replace(flaw, target=replace(flaw.target, probes=PROBES)) for name, flaw in SEEN_INSIDE.items()},
    **{name: BROKEN_BY_FAULTS[name] for name in ("flaw:key_kept_later",)},
}
CASES: Mapping[str, Control] = {**MISTAKES, **SOUND}

WORKLOAD = replace(
    workload.WORKLOAD,
    name="tests.cases.workload:WORKLOAD",
    targets={name: case.target for name, case in CASES.items()},
    twins=tuple(f"{PREFIX}{model}_twin" for model in DRIVERS),
    controls={},
    probed={},
    decomposition=None,
)
