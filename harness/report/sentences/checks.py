"""The words of each check, read from ``checks.toml``: what its codes mean, and how its numbers are told."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.model.findings import Finding, Verdict


@dataclass(frozen=True, kw_only=True)
class Words:
    """How findings of a check are told: a sentence by code, and fragments of what was measured and of the limit."""

    summaries: Mapping[str, str] = field(default_factory=dict)
    measured: Sequence[str] = ()
    limit: Sequence[str] = ()


def _by_route(finding: Finding) -> str:
    """Tell the statements of a request to each route, and how many more come of a row."""
    values = finding.values.items()
    routes = [f"{name}: {one.value:.1f}" for name, one in values if one.unit == "statements a request"]
    rise = f"; {finding.values['rise'].value:.2f} more a row" if "rise" in finding.values else ""
    return f"statements a request: {', '.join(routes) or 'none'}{rise}"


def _by_check(finding: Finding) -> str:
    """Tell what every check said of a control."""
    return ", ".join(f"{check} {said}" for check, said in finding.facts.items() if said in set(Verdict))


# Where the names of what was measured are not known before.
MEASURED: Mapping[str, Callable[[Finding], str]] = {"n_plus_one": _by_route, "controls": _by_check}
CHECKS: Mapping[str, Words] = {
    check: Words(**words)
    for check, words in tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")).items()
}
OF_ANY_CHECK = CHECKS["any"].summaries
