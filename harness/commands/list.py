"""The list of what can be run: what a newcomer can use, and all the rest on request."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import typer

from harness.model.plan import Profile, Target
from harness.printable import printable
from harness.workload.find import load_workload


def show_list(workload_name: str, out: Path, *, everything: bool) -> None:
    """Print twins, scenarios, profiles and the runs stored in ``out``; or every target, scenario and fault as well."""
    workload = load_workload(workload_name)
    targets, questions = workload.targets, workload.questions
    scenarios = questions.scenarios
    if not everything:
        usual = {name for profile in questions.profiles.values() for name in profile.scenarios}
        scenarios = {name: scenario for name, scenario in scenarios.items() if name in usual}
        targets = {name: targets[name] for name in workload.twins}
    _print("Scenarios", {name: scenario.question for name, scenario in scenarios.items()})
    _print("Targets", {name: _built(target) for name, target in targets.items()})
    _print("Profiles", {name: _described(profile) for name, profile in questions.profiles.items()})
    if everything:
        from harness.faults.catalog import FAULTS  # noqa: PLC0415 - needs the libraries that faults are made with

        described = {name: (make.__doc__ or "").partition("\n")[0] for name, make in FAULTS.items()}
        _print("Faults", described)
    _print("Stored runs, newest first", {path.name: str(path) for path in stored_runs(out)})
    if not everything:
        more = f"{len(workload.targets) - len(targets)} more targets (flaws, probes, small pools) and every fault"
        typer.echo(f"{more}: twinbench list --all")


def stored_runs(results: Path) -> list[Path]:
    """Return the folders of stored runs, newest first; read without the store, which takes long to import."""
    if not os.access(results, os.R_OK | os.X_OK):  # which says no of a name that can't be, too
        return []
    return sorted((path.parent for path in results.glob("*/run.json") if not path.parent.is_symlink()), reverse=True)


def _print(title: str, rows: Mapping[str, str]) -> None:
    typer.secho(title, bold=True)
    for name, text in rows.items():
        typer.echo(printable(f"  {name:<18} {text}"))


def _built(target: Target) -> str:
    way = ", without the proxy" if target.direct else ""
    return f"{target.model}, {target.driver}{way}"


def _described(profile: Profile) -> str:
    latencies = ", ".join(str(added_ms) for added_ms in profile.added_ms)
    amount = f"{profile.blocks} blocks" if profile.blocks else f"for {profile.seconds / 60:.1f} min"
    until = f", or until every interval is within {profile.precision:.0%}" if profile.precision else ""
    return f"{len(profile.scenarios)} scenarios at {latencies} ms, {amount}{until}"
