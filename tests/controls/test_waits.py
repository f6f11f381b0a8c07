"""Requests that wait for one another on a real target are found with their line, and sound neighbours are not accused.

One in threads and one in the database are in the suite; ``make test-slow`` tries the others.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.checks.waits import check_waits
from harness.model.findings import Finding
from harness.model.plan import Target
from harness.model.verdict import Verdict
from targets.catalog import CATALOG, PROBED, PROBES
from targets.flaws.catalog import SEEN_INSIDE
from tests.controls.many_clients import seen_by_many
from tests.evidence import one
from tests.sample import sampled

# By flaw: the code, the line at which requests wait, and that where it is held, if that is always the same.
LINES = {
    "flaw:lock_around_query": (
        "wait_for_a_lock",
        "async with cache_is_used:",
        "await asyncio.sleep(CALL_S)",
    ),
    "flaw:sync_lock_around_call": ("wait_for_a_lock", "with client_is_used:", "time.sleep(CALL_S)"),
    "flaw:hot_row": (
        "wait_for_a_row",
        'await session.execute(text("UPDATE users SET name = name WHERE id = :id"), {"id": COUNTED})',
        "",
    ),
    "flaw:sync_advisory_lock": (
        "wait_for_an_advisory_lock",
        "session.execute(select(func.pg_advisory_xact_lock(USERS)))",
        "time.sleep(CALL_S)",
    ),
    "flaw:one_worker": ("wait_in_a_queue", "return await done", ""),  # its worker is at the query, or asks somebody
}
SAMPLE = ("flaw:sync_lock_around_call", "flaw:hot_row")
# Of tests/controls/sound_waits.py, by the twin that they are made of.
SOUND = {
    "short_lock": "async",
    "short_thread_lock": "sync",
    "wide_semaphore": "async",
    "own_rows": "async",
    "keyed_cache": "async",
    "gathering": "async",
}
TWINS = {**PROBED, **{name: CATALOG[name] for name in ("async:small-pool", "sync:small-pool", "sync:few-threads")}}
Judged = Callable[[Target], Finding]


@pytest.fixture
def judged(url: str, tmp_path: Path) -> Judged:
    """What the check of waits says of a target whose users are read by sixteen clients at once."""

    def judge(target: Target) -> Finding:
        probed = replace(target, probes=PROBES)  # by which the check has most to go by
        return one(check_waits(seen_by_many(probed, url, tmp_path / "log")))

    return judge


@pytest.mark.parametrize("name", sampled(LINES, SAMPLE))
def test_it_is_named_with_its_line(name: str, judged: Judged) -> None:
    found = judged(SEEN_INSIDE[name].target)
    code, line, held_at = LINES[name]
    assert (found.verdict, found.code) == (Verdict.FAIL, code), found
    assert found.place is not None
    source = (Path(__file__).parents[2] / "targets" / "flaws" / found.place.file).read_text().splitlines()
    assert source[found.place.line - 1].strip() == line
    held = found.facts.get("held", "").partition(" ")[0].rpartition(":")[2]
    assert not held_at or source[int(held) - 1].strip() == held_at, found


@pytest.mark.parametrize("app", sampled(SOUND, ["short_thread_lock"]))
def test_a_sound_neighbour_is_not_accused(app: str, judged: Judged) -> None:
    found = judged(replace(PROBED[f"{SOUND[app]}:probed"], app=f"tests.controls.sound_waits:{app}"))
    assert found.verdict is Verdict.PASS, found


@pytest.mark.parametrize("name", sampled(TWINS, ["async:probed"]))
def test_a_twin_is_not_accused_and_what_it_waits_for_has_a_name_of_its_own(name: str, judged: Judged) -> None:
    found = judged(TWINS[name])
    assert found.verdict is Verdict.PASS, found
