"""The commands of the command line, each with its options.

What a command needs is imported when it is run: half of them need neither statistics nor figures nor a database, which
take more than a second to import.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from harness.commands.options import (
    BlocksOption,
    ChaosProfileName,
    ChaosProfileOption,
    ClaimArgument,
    ClaimsProfileName,
    ClaimsProfileOption,
    CutOption,
    FaultOption,
    LatencyOption,
    OutOption,
    PinOption,
    PostgresOption,
    PrecisionOption,
    ProbedOption,
    ProfileName,
    ProfileOption,
    RunArgument,
    ScenarioArgument,
    SecondsOption,
    SeedOption,
    TargetOption,
    TimeOption,
    ToxiproxyOption,
    WorkloadOption,
)
from harness.errors import ExitCode, HarnessError

if TYPE_CHECKING:
    from harness.experiments.base import Config, Experiment
    from harness.model.summary import Summary
    from harness.store import Store

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: panels would take longer than all of the rest
    context_settings={"max_content_width": 120},
    help="Is async faster for my database workload? Evidence, not opinion.",
)

Results = Path("results")
WORKLOAD = "targets.workload:WORKLOAD"


@app.command()
def bench(
    profile: ProfileOption = ProfileName.DEFAULT,
    precision: PrecisionOption = None,
    time: TimeOption = None,
    pin: PinOption = False,
    seed: SeedOption = None,
    out: OutOption = Results,
    postgres_url: PostgresOption = None,
    toxiproxy_url: ToxiproxyOption = None,
    workload: WorkloadOption = WORKLOAD,
) -> None:
    """Compare the async twin with the sync twin. In all scenarios of a profile, each at several added latencies."""
    run(
        profile=profile,
        precision=precision,
        time=time,
        pin=pin,
        seed=seed,
        out=out,
        postgres_url=postgres_url,
        toxiproxy_url=toxiproxy_url,
        workload=workload,
    )


@app.command()
def run(
    scenario: ScenarioArgument = None,
    target: TargetOption = None,
    latency_ms: LatencyOption = None,
    profile: ProfileOption = ProfileName.DEFAULT,
    precision: PrecisionOption = None,
    time: TimeOption = None,
    blocks: BlocksOption = None,
    pin: PinOption = False,
    seed: SeedOption = None,
    out: OutOption = Results,
    postgres_url: PostgresOption = None,
    toxiproxy_url: ToxiproxyOption = None,
    workload: WorkloadOption = WORKLOAD,
) -> None:
    """Run the scenarios, targets and latencies that you name."""
    from harness.experiments.base import Config
    from harness.experiments.comparison.experiment import Amount, Comparison

    config = Config.typed(sys.argv[1:], seed, out, postgres_url, toxiproxy_url, workload)
    amount = Amount(seconds=time, precision=precision, blocks=blocks)
    chosen = Comparison.of(
        config.workload, profile, scenarios=scenario, targets=target, added_ms=latency_ms, amount=amount
    )
    _carry_out(chosen.pinned() if pin else chosen, config)


@app.command()
def chaos(
    target: TargetOption = None,
    cut: CutOption = None,
    fault: FaultOption = None,
    profile: ChaosProfileOption = ChaosProfileName.DEFAULT,
    blocks: BlocksOption = None,
    seed: SeedOption = None,
    out: OutOption = Results,
    postgres_url: PostgresOption = None,
    toxiproxy_url: ToxiproxyOption = None,
    workload: WorkloadOption = WORKLOAD,
) -> None:
    """Break connections and processes, and check every write. Cuts writes at every byte, and injects every fault."""
    from harness.experiments.base import Config
    from harness.experiments.chaos.experiment import Chaos

    config = Config.typed(sys.argv[1:], seed, out, postgres_url, toxiproxy_url, workload)
    chosen = Chaos.of(config.workload, profile, targets=target, cuts=cut, faults=fault, blocks=blocks)
    _carry_out(chosen, config)


@app.command()
def eager_loading(
    target: TargetOption = None,
    latency_ms: LatencyOption = None,
    blocks: BlocksOption = None,
    seed: SeedOption = None,
    out: OutOption = Results,
    postgres_url: PostgresOption = None,
    toxiproxy_url: ToxiproxyOption = None,
) -> None:
    """Compare what SQLAlchemy's loading strategies cost. Counts statements, bytes and time, as a page grows."""
    from harness.experiments.base import Config
    from harness.experiments.eager_loading.experiment import EagerLoading

    config = Config.typed(sys.argv[1:], seed, out, postgres_url, toxiproxy_url)
    _carry_out(EagerLoading.of(config.workload, target, latency_ms, blocks), config)


@app.command()
def claims(
    name: ClaimArgument = None,
    profile: ClaimsProfileOption = ClaimsProfileName.DEFAULT,
    seed: SeedOption = None,
    out: OutOption = Results,
    postgres_url: PostgresOption = None,
    toxiproxy_url: ToxiproxyOption = None,
) -> None:
    """Put claims about the stack to the test. Each holds, holds within limits, does not hold, or is undecided."""
    from harness.experiments.base import Config
    from harness.experiments.claims.experiment import Claims

    config = Config.typed(sys.argv[1:], seed, out, postgres_url, toxiproxy_url)
    _carry_out(Claims.of(config.workload, name, profile), config)


@app.command()
def probe_overhead(
    target: ProbedOption = None,
    blocks: BlocksOption = None,
    seconds: SecondsOption = None,
    seed: SeedOption = None,
    out: OutOption = Results,
    postgres_url: PostgresOption = None,
    workload: WorkloadOption = WORKLOAD,
) -> None:
    """Measure what the probes cost the targets they are in. Runs each with and without, in interleaved slices."""
    from harness.experiments.base import Config
    from harness.experiments.probe_overhead.experiment import ProbeOverhead

    config = Config.typed(sys.argv[1:], seed, out, postgres_url, None, workload)
    _carry_out(ProbeOverhead.of(config.workload, target, blocks, seconds), config)


@app.command(name="list")
def list_command(
    everything: Annotated[bool, typer.Option("--all", help="Every target, scenario and fault, too.")] = False,
    out: OutOption = Results,
    workload: WorkloadOption = WORKLOAD,
) -> None:
    """List what can be run, and the stored runs."""
    from harness.commands.list import show_list

    show_list(workload, out, everything=everything)


@app.command()
def report(run_folder: RunArgument = None, out: OutOption = Results) -> None:
    """Judge a stored run and write its report again. Without any load."""
    from harness.run import read_from
    from harness.store import LATEST, Store

    store = Store.open(run_folder or out / LATEST)
    with read_from(store):
        summary = _conclude(store)
    raise typer.Exit(ExitCode[summary.verdict.name])


@app.command()
def check(run_folder: RunArgument = None, out: OutOption = Results) -> None:
    """Judge a stored run and print each finding. Says whether they differ from those that are stored."""
    from harness.console import findings_text
    from harness.model.verdict import merge
    from harness.run import assess, read_from
    from harness.store import LATEST, Store
    from harness.terminal import Terminal

    console = Terminal()
    store = Store.open(run_folder or out / LATEST)
    with read_from(store):
        findings, before = assess(store).findings, store.summary()
    console.print(findings_text(findings), soft_wrap=True)
    if before is not None and before.findings != findings:
        console.print("These findings are not those that are stored: the checks have changed.", style="yellow")
    raise typer.Exit(ExitCode[merge(finding.verdict for finding in findings).name])


@app.command()
def doctor(postgres_url: PostgresOption = None, toxiproxy_url: ToxiproxyOption = None) -> None:
    """Show each part, and what to do about those missing. Where it was found, and in which version."""
    from harness.commands.doctor import examine

    sound = examine(postgres_url, toxiproxy_url)
    raise typer.Exit(ExitCode.PASS if sound else ExitCode.UNDECIDED)


@app.command()
def serve(
    target: Annotated[str, typer.Argument(help="Which target to serve, for example async or sync.")],
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port of the API.")] = 8000,
    postgres_url: PostgresOption = None,
    toxiproxy_url: ToxiproxyOption = None,
    workload: WorkloadOption = WORKLOAD,
) -> None:
    """Serve a target, to try by hand. With its database and proxy, until Ctrl-C."""
    from harness.commands import serve as command

    command.serve(workload, target, port, postgres_url, toxiproxy_url)


def _carry_out(experiment: Experiment, config: Config) -> NoReturn:
    """Make a run and conclude it; one that was cut short is concluded, too."""
    from harness import run as lifecycle
    from harness.console import RunConsole

    stores: list[Store] = []
    try:
        with RunConsole() as progress:
            lifecycle.run(experiment, config, progress, stores.append)
    except (HarnessError, KeyboardInterrupt):
        # what was stored up to here is worth a report, whatever else the person is told
        with contextlib.suppress(HarnessError):
            for store in stores:
                _conclude(store)
        raise
    raise typer.Exit(ExitCode[_conclude(stores[0]).verdict.name])


def _conclude(store: Store) -> Summary:
    from harness.console import show
    from harness.run import conclude
    from harness.terminal import Terminal

    summary = conclude(store)
    path = store.folder / "report.html"
    show(summary, str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path), Terminal())
    return summary
