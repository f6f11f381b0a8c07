"""The whole flow: plan → trial → store → analyse → judge → report.

``run`` makes evidence; ``conclude`` makes a report of evidence, and can do so again at any time, for a
run that was cut short as for a whole one. Statistics come before judgement because one check, the
tuning of the twins, judges a ratio.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Protocol

from harness.analysis.checks.added_latency import is_off
from harness.experiments.comparison.plan import make_plan
from harness.experiments.comparison.round_trips import count_round_trips
from harness.experiments.trial import Bench, fresh_bench, run_trial
from harness.model.findings import Judgement, merge
from harness.model.measures import Measures
from harness.model.plan import Plan, Profile, Scenario, Target, Trial
from harness.model.records import RunRecord
from harness.model.summary import Setting, Summary
from harness.model.workload import Workload
from harness.provision.environment import environment
from harness.provision.postgres import without_password
from harness.provision.testbed import Parts, provisioned
from harness.store import VERSION, Store

ATTEMPTS = 6  # one of the busiest cells is disturbed in one trial of four, and a run has hundreds of trials
MOST_REPEATED = 24  # of a block: so that a machine that is never quiet ends undecided, and in time


_ALWAYS = ("settings", "findings", "environment")
SECTIONS = {
    "comparison": (
        *("ratios", "throughput", "latency", "distributions", "phases", "timelines", "round_trips", "added_latency"),
        *("framework_overhead", "probe_overhead", "cpu", *_ALWAYS),
    ),
    "chaos": ("cut_map", "faults", "recovery", "controls", *_ALWAYS),
    "eager_loading": ("eager_loading", *_ALWAYS),
    "probe_overhead": ("probe_overhead", *_ALWAYS),
}


class Progress(Protocol):
    """Told how a run comes along."""

    def say(self, sentence: str) -> None:
        """Something begins that takes its time."""

    def planned(self, plan: Plan) -> None:
        """The plan is made."""

    def trial_done(self, trial: Trial) -> None:
        """One trial is over."""

    def began(self, what: str, total: int) -> None:
        """So many things of a kind are to come."""

    def step(self) -> None:
        """One of them is over."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What somebody asked for.

    ``references`` are the bare applications that targets are held against.
    """

    targets: Mapping[str, Target]
    scenarios: Mapping[str, Scenario]
    profile: Profile
    settings: tuple[Setting, ...]
    workload: Workload
    seed: int
    out: Path
    references: Mapping[str, Target]
    command: str
    postgres_url: str | None
    toxiproxy_url: str | None


def run(request: Request, progress: Progress, opened: Callable[[Store], None]) -> None:
    """Plan and run all trials, and store the evidence.

    Args:
        request: What to run.
        progress: Told how it comes along.
        opened: Called with the store as soon as there is one, so that whatever happens
            afterwards, what was stored can be reported.

    Raises:
        HarnessError: The run could not be made, or not to its end.
    """
    begun_s = time.monotonic()
    store = Store.create(request.out, run_name())
    with (
        store.kept_if_begun(),
        provisioned(
            workload=request.workload,
            postgres_url=request.postgres_url,
            toxiproxy_url=request.toxiproxy_url,
            log=store.log,
            say=progress.say,
        ) as parts,
    ):
        request, not_done = _within_reach(request, parts)
        plan = make_plan(
            tuple(request.targets), request.scenarios, request.profile, request.seed, tuple(request.references)
        )
        record = record_of(store.folder.name, request, plan, parts, not_done, scenarios=request.scenarios.values())
        targets = {**request.targets, **request.references}
        store.write_record(replace(record, targets=tuple(targets.values())))
        opened(store)
        progress.say("Counting round trips per request")
        operations = sorted({name for scenario in request.scenarios.values() for name in scenario.mix})
        store.write_wire(count_round_trips(parts, list(request.targets.values()), operations, store))
        progress.planned(plan)
        for trials in _blocks(plan):
            with fresh_bench(parts, targets, request.scenarios, plan, store) as bench:
                _run_block(trials, bench, progress)
    store.finish(time.monotonic() - begun_s)


def _run_block(trials: Sequence[Trial], bench: Bench, progress: Progress) -> None:
    """Run a block's trials; the few whose distance came out wrong are set aside and run again at its end.

    On a shared machine the proxy's timer fires late while a neighbour has the core, and such a trial
    answers for another distance than it was asked about. Throughput and latency have no say in this.
    """
    due = list(trials)
    left = MOST_REPEATED
    for attempt in range(1, ATTEMPTS + 1):
        off: list[Trial] = []
        for trial in due:
            if attempt > 1:
                bench.store.set_aside(trial)
            record = run_trial(replace(trial, attempt=attempt), bench)
            if "added_latency" in bench.scenarios[trial.scenario].checks and is_off(trial, record.samples):
                off.append(trial)
            if attempt == 1:
                progress.trial_done(trial)
        due = off[:left]
        left -= len(due)


def conclude(store: Store) -> Summary:
    """Make numbers, findings and the report of whatever is stored.

    Raises:
        EvidenceUnreadable: The stored run is torn or of another version.
    """
    # imported here, as they take seconds that 'list', 'doctor' and a usage error need not pay
    from harness.analysis.measures import cut_strips, cuts_per_s, fault_rows, pages  # noqa: PLC0415 - see above
    from harness.report.page import write_report  # noqa: PLC0415 - see above

    record = store.record()
    measures, judgement = judged(store)
    duration_s = store.duration_s()
    summary = Summary(
        version=VERSION,
        run=record.run,
        sections=SECTIONS[record.kind],
        command=record.command,
        started_at=record.started_at,
        duration_s=duration_s or 0.0,
        complete=duration_s is not None,
        verdict=merge(finding.verdict for finding in judgement.findings),
        plan=record.plan,
        trials_done=sum(store.trial_record(trial) is not None for trial in record.plan.trials),
        targets=record.targets,
        scenarios=record.scenarios,
        environment=record.environment,
        settings=record.settings,
        measures=measures,
        findings=judgement.findings,
        not_done=record.not_done,
        kind=record.kind,
        cuts=cut_strips(store),
        cuts_per_s=cuts_per_s(store),
        faults=fault_rows(store, record),
        controls=judgement.controls,
        pages=pages(store),
    )
    store.write_summary(summary)
    write_report(summary, store.folder)
    return summary


def _blocks(plan: Plan) -> Iterator[list[Trial]]:
    for _, trials in groupby(plan.trials, key=lambda trial: trial.block):
        yield list(trials)


def _within_reach(request: Request, parts: Parts) -> tuple[Request, tuple[str, ...]]:
    """Leave out what the parts can't do, and say so: no distance without Toxiproxy."""
    if parts.toxiproxy:
        return request, ()
    asked = [level for level in request.profile.added_ms if level]
    if not asked:
        return request, ()
    told = ", ".join(f"{level} ms" for level in asked)
    sentence = f"Not compared at {told} from the database: {parts.without_toxiproxy}"
    return replace(request, profile=replace(request.profile, added_ms=(0,))), (sentence,)


def judged(store: Store) -> tuple[Measures, Judgement]:
    """Make numbers and findings of whatever is stored, and write nothing.

    Raises:
        EvidenceUnreadable: The stored run is torn or of another version.
    """
    from harness.analysis.judge import judge  # noqa: PLC0415 - the same
    from harness.analysis.measures import analyse, in_turns  # noqa: PLC0415 - takes seconds, as in conclude

    record = store.record()
    compared = record.kind == "comparison"
    measures = analyse(store, record) if compared else Measures(probe_overheads=in_turns(store))
    return measures, judge(store, record, measures)


class Asked(Protocol):
    """What every request has that is put on record."""

    @property
    def command(self) -> str:
        """The command line that repeats the run."""

    @property
    def postgres_url(self) -> str | None:
        """The user's server, or None for one of our own."""

    @property
    def targets(self) -> Mapping[str, Target]:
        """Targets by name."""

    @property
    def settings(self) -> tuple[Setting, ...]:
        """Settings of the targets."""


def record_of(  # noqa: PLR0913 - what is known before the first trial
    name: str,
    request: Asked,
    plan: Plan,
    parts: Parts,
    not_done: Sequence[str],
    *,
    scenarios: Iterable[Scenario],
    kind: str = "comparison",
) -> RunRecord:
    """Put together what is known before the first trial."""
    return RunRecord(
        version=VERSION,
        run=name,
        command=_without_password(request),
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        started_ns=time.monotonic_ns(),
        plan=plan,
        targets=tuple(request.targets.values()),
        scenarios=tuple(scenarios),
        environment=environment(parts),
        settings=request.settings,
        not_done=tuple(not_done),
        kind=kind,
    )


def _without_password(request: Asked) -> str:
    url = request.postgres_url
    return request.command.replace(url, without_password(url)) if url else request.command


def run_name() -> str:
    """Name a run by the time, so that names sort by age."""
    return datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
