"""Every flaw: what it is, the check that must catch it, and the least chaos that shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.model import Target, Verdict

PREFIX = "flaw:"


@dataclass(frozen=True, kw_only=True)
class Flaw:
    """One flawed target, and how it is brought to light: writes to cut, faults to inject."""

    target: Target
    cuts: tuple[str, ...]
    faults: tuple[str, ...]


def _flaw(name: str, caught_by: str, cuts: tuple[str, ...], faults: tuple[str, ...]) -> Flaw:
    target = Target(
        name=f"{PREFIX}{name}",
        model="async",
        driver="asyncpg",
        app=f"targets.flaws.{name}:app",
        flaw=name,
        expected={caught_by: Verdict.FAIL},
    )
    return Flaw(target=target, cuts=cuts, faults=faults)


FLAWS: Mapping[str, Flaw] = {
    flaw.target.name: flaw
    for flaw in (
        _flaw("commit_in_two_steps", "cuts", ("create_user",), ()),
        _flaw("autocommit_per_statement", "cuts", ("create_user",), ()),
        _flaw("commit_after_the_response", "cuts", ("create_user",), ()),
        _flaw("fire_and_forget", "cuts", ("create_user",), ()),
        _flaw("blind_retry", "cuts", ("create_post",), ()),
        _flaw("swallowed_error", "writes", (), ("cancel_statement",)),
        _flaw("session_shared", "writes", (), ("latency",)),
        _flaw("kept_in_memory", "writes", (), ("kill_worker",)),
        _flaw("lost_update", "balances", (), ("latency",)),
        _flaw("session_reused_without_rollback", "recovery", (), ("immediate_restart",)),
    )
}
