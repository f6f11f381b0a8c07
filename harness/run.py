"""The lifecycle of every kind of run: plan → execute → store, and measure → judge → report.

``run`` makes evidence; ``conclude`` makes a report of evidence, and can do so again at any time, for a run that was
cut short as for a whole one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from harness.experiments.base import Config, Experiment, Measured, Planned, Progress, Run
from harness.experiments.registry import experiment
from harness.model.findings import Judgement, merge
from harness.model.plan import Target
from harness.model.run_records import RunRecord
from harness.model.summary import Setting, Summary
from harness.model.workload import Workload
from harness.provision.addresses import without_password
from harness.provision.environment import environment
from harness.provision.testbed import Services, started_services
from harness.report.page import write_report
from harness.store import VERSION, Store


def run(chosen: Experiment, config: Config, progress: Progress, opened: Callable[[Store], None]) -> None:
    """Plan and execute an experiment, and store the evidence.

    Args:
        chosen: What to run.
        config: With what to run it, and where to store it.
        progress: Told how it comes along.
        opened: Called with the store as soon as there is one, so that whatever happens
            afterwards, what was stored can be reported.

    Raises:
        HarnessError: The run could not be made, or not to its end.
    """
    began_s = time.monotonic()
    settings = _settings(config.workload, chosen.targets.values())
    store = Store.create(config.out, datetime.now(UTC).strftime("%Y%m%d-%H%M%S"))  # names sort by age
    with (
        store.kept_if_begun(),
        chosen.reserved(),
        started_services(
            workload=config.workload,
            postgres_url=config.postgres_url,
            toxiproxy_url=config.toxiproxy_url,
            log=store.log,
            say=progress.say,
        ) as services,
    ):
        planned = chosen.plan(services, config.seed)
        store.write_record(_record(chosen, config, planned, settings, services, store))
        opened(store)
        chosen.execute(Run(planned=planned, services=services, store=store, progress=progress))
    store.finish(time.monotonic() - began_s)


def conclude(store: Store) -> Summary:
    """Make numbers, findings and the report of whatever is stored.

    Raises:
        EvidenceUnreadable: The stored run is torn or of another version.
    """
    record = store.record()
    measured, judgement = assess(store)
    summary = _summary(store, record, measured, judgement)
    store.write_summary(summary)
    write_report(summary, store.folder)
    return summary


def assess(store: Store) -> tuple[Measured, Judgement]:
    """Measure and judge whatever is stored, and write nothing.

    Raises:
        EvidenceUnreadable: The stored run is torn or of another version.
    """
    record = store.record()
    kind = experiment(record.kind)
    measured = kind.measure(store, record)
    return measured, kind.judge(store, record, measured)


def _settings(workload: Workload, targets: Iterable[Target]) -> tuple[Setting, ...]:
    """Read the settings of each target, which variables of the environment may change."""
    values: dict[str, dict[str, str]] = {}
    reasons: dict[str, str] = {}
    for target in targets:
        for name, value, why in workload.settings(target):
            values.setdefault(name, {})[target.name] = value
            reasons[name] = why
    return tuple(Setting(name=name, values=values[name], why=why) for name, why in reasons.items())


def _record(
    chosen: Experiment,
    config: Config,
    planned: Planned,
    settings: tuple[Setting, ...],
    services: Services,
    store: Store,
) -> RunRecord:
    url = config.postgres_url
    return RunRecord(
        version=VERSION,
        run=store.folder.name,
        kind=chosen.kind,
        command=config.command.replace(url, without_password(url)) if url else config.command,
        workload=config.workload_name,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        started_ns=time.monotonic_ns(),
        plan=planned.plan,
        targets=planned.targets,
        scenarios=planned.scenarios,
        controls=planned.controls,
        environment=environment(services),
        settings=settings,
        not_done=planned.not_done,
        left_out=planned.left_out,
    )


def _summary(store: Store, record: RunRecord, measured: Measured, judgement: Judgement) -> Summary:
    duration_s = store.duration_s()
    return Summary(
        version=VERSION,
        run=record.run,
        kind=record.kind,
        sections=experiment(record.kind).sections,
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
        measures=measured.measures,
        findings=judgement.findings,
        not_done=record.not_done,
        left_out=record.left_out,
        cuts=measured.cuts,
        cuts_per_s=measured.cuts_per_s,
        faults=measured.faults,
        controls=judgement.controls,
        pages=measured.pages,
    )
