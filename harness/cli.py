"""The command line: arguments in, one line and an exit code out where something is wrong."""

from __future__ import annotations

import contextlib
import random
import shlex
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from harness.commands import doctor as parts_doctor
from harness.commands.serve import serve
from harness.console import RunConsole, findings_text, show
from harness.errors import ExitCode, HarnessError, UsageError
from harness.experiments.chaos.experiment import ChaosRequest, run_chaos
from harness.experiments.eager_loading.experiment import ADDED_LATENCIES_MS, LOADING_BLOCKS, LoadingRequest, run_loading
from harness.experiments.probe_overhead.experiment import (
    PROBING_BLOCKS,
    PROBING_S,
    TIMES_ALL,
    ProbingRequest,
    run_probing,
)
from harness.faults.catalog import FAULTS
from harness.model.findings import merge
from harness.model.outcome import Verdict
from harness.model.plan import Profile, Target
from harness.model.summary import Setting
from harness.run import Request, conclude, judged, run
from harness.store import Store, stored_runs
from harness.workload.load import load_workload

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Is async faster for my database workload? Evidence, not opinion.",
)
out_console = Console()

workload = load_workload()
CATALOG, CONTROLS = workload.targets, workload.controls
SCENARIOS, PROFILES = workload.questions.scenarios, workload.questions.profiles
CHAOS, CHAOS_PROFILES = workload.questions.chaos, workload.questions.chaos_profiles
Results = Path("results")
BY_VERDICT = {Verdict.PASS: ExitCode.PASS, Verdict.FAIL: ExitCode.FAIL, Verdict.UNDECIDED: ExitCode.UNDECIDED}


NONE = "none"
DIFFERENT_PATHS = 256  # that turns go through


class ChaosProfileName(StrEnum):
    """The profiles of chaos, as choices; a test holds them against the catalog."""

    DEFAULT = "default"
    FULL = "full"
    SOAK = "soak"
    FLAWS = "flaws"


class ProfileName(StrEnum):
    """The profiles, as choices; a test holds them against the catalog."""

    QUICK = "quick"
    DEFAULT = "default"
    FULL = "full"


OutOption = Annotated[Path, typer.Option("--out", help="Folder for results.")]
ProfileOption = Annotated[ProfileName, typer.Option("--profile", help="How much to run.")]
PostgresOption = Annotated[
    str | None, typer.Option("--postgres-url", help="Use this server (loopback) instead of one of our own.")
]
ToxiproxyOption = Annotated[
    str | None,
    typer.Option("--toxiproxy-url", help="Use this Toxiproxy (loopback) instead of one of our own."),
]
SeedOption = Annotated[
    int | None,
    typer.Option("--seed", help="Fixes the order of trials and the load. Chosen and shown if left out."),
]
BlocksOption = Annotated[
    int | None,
    typer.Option("--blocks", min=1, max=100, help="Repetitions of it all; the profile's number if left out."),
]


@app.command()
def bench(
    profile: ProfileOption = ProfileName.DEFAULT,
    seed: SeedOption = None,
    out: OutOption = Results,
    postgres_url: PostgresOption = None,
    toxiproxy_url: ToxiproxyOption = None,
) -> None:
    """Compare the async twin with the sync twin at several distances from the database."""
    _run(list(workload.twins), PROFILES[profile], seed, out, postgres_url, toxiproxy_url)


@app.command(name="run")
def run_command(
    scenario: Annotated[
        list[str] | None, typer.Argument(help="Scenarios to run; all of the profile's if left out.")
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option("--target", help="Target to run; may be given again. Both twins if left out."),
    ] = None,
    level: Annotated[
        list[int] | None,
        typer.Option("--level", min=0, max=10_000, help="Added latency in ms; may be given again."),
    ] = None,
    blocks: BlocksOption = None,
    profile: ProfileOption = ProfileName.DEFAULT,
    seed: SeedOption = None,
    out: OutOption = Results,
    postgres_url: PostgresOption = None,
    toxiproxy_url: ToxiproxyOption = None,
) -> None:
    """Run chosen scenarios against chosen targets at chosen distances."""
    chosen = PROFILES[profile]
    names = tuple(dict.fromkeys(scenario or chosen.scenarios))
    levels = tuple(sorted(set(level))) if level else chosen.added_ms
    profile_of_choice = Profile(
        name=chosen.name,
        scenarios=names,
        added_ms=levels,
        blocks=blocks or chosen.blocks,
        warmup_s=chosen.warmup_s,
        measure_s=chosen.measure_s,
    )
    _run(
        list(dict.fromkeys(target or list(workload.twins))),
        profile_of_choice,
        seed,
        out,
        postgres_url,
        toxiproxy_url,
    )


@app.command()
def chaos(
    target: Annotated[
        list[str] | None,
        typer.Option("--target", help="Target to try; may be given again. Both twins if left out."),
    ] = None,
    cut: Annotated[
        list[str] | None,
        typer.Option("--cut", help="Write to cut at every byte; may be given again. 'none' for none."),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option("--fault", help="Fault to inject; may be given again. 'none' for none, all if left out."),
    ] = None,
    profile: Annotated[ChaosProfileName, typer.Option("--profile", help="How much to run.")] = ChaosProfileName.DEFAULT,
    blocks: BlocksOption = None,
    seed: SeedOption = None,
    out: OutOption = Results,
    postgres_url: PostgresOption = None,
    toxiproxy_url: ToxiproxyOption = None,
) -> None:
    """Cut writes at every byte, inject every fault, and see whether the data is whole and clients told the truth."""
    chosen = CHAOS_PROFILES[profile]
    names = list(dict.fromkeys(target or list(workload.twins)))
    _known(names, CATALOG, "target")
    _known([name for name in cut or () if name != NONE], dict.fromkeys(workload.cuttable), "write to cut")
    _known([name for name in fault or () if name != NONE], dict(FAULTS), "fault")
    draw = len(FAULTS) if chosen.faults is None else chosen.faults
    controls = {name: control for name, control in CONTROLS.items() if chosen.flaws}
    if not chosen.cuts and not draw:  # then the controls are what is tried
        _known(list(target or ()), CONTROLS, "control")
        controls = {name: control for name, control in controls.items() if name in (target or CONTROLS)}
        names = []
    # a flaw alone gets the least that shows it, if that is chaos
    flaw = CONTROLS.get(names[0]) if len(names) == 1 and CATALOG[names[0]].flaw else None
    cuts, faults = (flaw.cuts, flaw.faults) if flaw and not flaw.load else (chosen.cuts, tuple(FAULTS))
    request = ChaosRequest(
        targets={name: CATALOG[name] for name in names},
        scenario=CHAOS,
        loads={load: SCENARIOS[load] for control in controls.values() for load in control.load},
        profile=chosen.name,
        cuts=tuple(name for name in dict.fromkeys(cut or cuts) if name != NONE),
        faults=tuple(name for name in dict.fromkeys(fault or faults) if name != NONE),
        draw=draw,
        blocks=blocks or chosen.blocks,
        controls=tuple(control for name, control in controls.items() if name not in names),
        settings=_settings(CATALOG[name] for name in names),
        workload=workload,
        seed=(chosen_seed := _seed(seed)),
        command=_command(seed, chosen_seed),
        out=out,
        postgres_url=postgres_url,
        toxiproxy_url=toxiproxy_url,
    )
    _carry_out(lambda screen, opened: run_chaos(request, screen, opened))


@app.command()
def loading(
    target: Annotated[
        list[str] | None,
        typer.Option("--target", help="Target to ask; may be given again. Both twins if left out."),
    ] = None,
    level: Annotated[
        list[int] | None,
        typer.Option("--level", min=0, max=1_000, help="Added latency in ms; may be given again. 0 and 5 if left out."),
    ] = None,
    blocks: BlocksOption = None,
    seed: SeedOption = None,
    out: OutOption = Results,
    postgres_url: PostgresOption = None,
    toxiproxy_url: ToxiproxyOption = None,
) -> None:
    """Ask for pages of users with posts by every loading strategy: statements, bytes and time, as the page grows."""
    names = list(dict.fromkeys(target or list(workload.twins)))
    _known(names, CATALOG, "target")
    request = LoadingRequest(
        targets={name: CATALOG[name] for name in names},
        added_ms=tuple(sorted(set(level or ADDED_LATENCIES_MS))),
        blocks=blocks or LOADING_BLOCKS,
        workload=workload,
        settings=_settings(CATALOG[name] for name in names),
        seed=(chosen_seed := _seed(seed)),
        command=_command(seed, chosen_seed),
        out=out,
        postgres_url=postgres_url,
        toxiproxy_url=toxiproxy_url,
    )
    _carry_out(lambda screen, opened: run_loading(request, screen, opened))


@app.command()
def probes(
    target: Annotated[
        list[str] | None,
        typer.Option("--target", help="Target with probes; may be given again. All if left out."),
    ] = None,
    blocks: BlocksOption = None,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.1, max=600, help="Of turns, for each pair and request in a block.")
    ] = PROBING_S,
    seed: SeedOption = None,
    out: OutOption = Results,
    postgres_url: PostgresOption = None,
) -> None:
    """Hold targets with probes inside against the same without, in short turns: what do the probes cost?"""
    known = dict(workload.probed)
    names = list(dict.fromkeys(target or known))
    _known(names, known, "target with probes")
    pairs = tuple(
        (known[name].model, name) for name in names for _ in range(TIMES_ALL if len(known[name].probes) > 1 else 1)
    )
    chosen = {name: CATALOG[name] for pair in pairs for name in pair}
    request = ProbingRequest(
        targets=chosen,
        pairs=pairs,
        paths={name: _paths(name) for name in ("ping", "point-read")},
        blocks=blocks or PROBING_BLOCKS,
        seconds=seconds,
        settings=_settings(chosen.values()),
        workload=workload,
        seed=(chosen_seed := _seed(seed)),
        command=_command(seed, chosen_seed),
        out=out,
        postgres_url=postgres_url,
    )
    _carry_out(lambda screen, opened: run_probing(request, screen, opened))


@app.command(name="list")
def list_command(out: OutOption = Results) -> None:
    """List scenarios, targets, profiles and stored runs."""
    for title, rows in (
        ("Scenarios", {name: scenario.question for name, scenario in SCENARIOS.items()}),
        ("Targets", {name: f"{target.model}, {target.driver}" for name, target in CATALOG.items()}),
        ("Profiles", {name: _told(profile) for name, profile in PROFILES.items()}),
        ("Faults", {name: make.__doc__.splitlines()[0] if make.__doc__ else "" for name, make in FAULTS.items()}),
        ("Stored runs, newest first", {path.name: str(path) for path in stored_runs(out)}),
    ):
        out_console.print(title, style="bold")
        for name, text in rows.items():
            out_console.print(f"  {name:<18} {text}", markup=False, highlight=False, soft_wrap=True)


@app.command()
def report(
    run_folder: Annotated[
        Path | None, typer.Argument(metavar="[RUN]", help="A run's folder; the newest if left out.")
    ] = None,
    out: OutOption = Results,
) -> None:
    """Judge a stored run again and draw its report again, without any load."""
    _finish(Store.open(run_folder or out / "latest"))


@app.command()
def check(
    run_folder: Annotated[
        Path | None, typer.Argument(metavar="[RUN]", help="A run's folder; the newest if left out.")
    ] = None,
    out: OutOption = Results,
) -> None:
    """Judge a stored run again, without any load, and hold the findings against those it had."""
    store = Store.open(run_folder or out / "latest")
    before = store.summary()
    _, judgement = judged(store)
    out_console.print(findings_text(judgement.findings), markup=False, highlight=False, soft_wrap=True)
    if before is not None and before.findings != judgement.findings:
        out_console.print("These findings are not those that are stored: the checks have changed.", style="yellow")
    raise typer.Exit(BY_VERDICT[merge(finding.verdict for finding in judgement.findings)])


@app.command()
def doctor(postgres_url: PostgresOption = None, toxiproxy_url: ToxiproxyOption = None) -> None:
    """Say of every part what was found, where, which version, and what to do if it is missing."""
    sound = parts_doctor.examine(postgres_url, toxiproxy_url, out_console)
    raise typer.Exit(ExitCode.PASS if sound else ExitCode.UNDECIDED)


@app.command()
def up(
    target: Annotated[str, typer.Argument(help="Which target to serve, for example async or sync.")],
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port of the API.")] = 8000,
    postgres_url: PostgresOption = None,
    toxiproxy_url: ToxiproxyOption = None,
) -> None:
    """Serve a target with its database and proxy, to try by hand. Ctrl-C ends it."""
    _known([target], CATALOG, "target")
    serve(workload, workload.targets[target], port, postgres_url, toxiproxy_url)


def _run(
    targets: list[str],
    profile: Profile,
    seed: int | None,
    out: Path,
    postgres_url: str | None,
    toxiproxy_url: str | None,
) -> None:
    _known(profile.scenarios, SCENARIOS, "scenario")
    _known(targets, CATALOG, "target")
    bare = any(not SCENARIOS[name].reaches_database for name in profile.scenarios)
    references = dict.fromkeys(CATALOG[name].reference for name in targets if bare)
    request = Request(
        targets={name: CATALOG[name] for name in targets},
        references={name: CATALOG[name] for name in references if name and name not in targets},
        scenarios={name: SCENARIOS[name] for name in profile.scenarios},
        profile=profile,
        settings=_settings(CATALOG[name] for name in targets),
        workload=workload,
        seed=(chosen_seed := _seed(seed)),
        command=_command(seed, chosen_seed),
        out=out,
        postgres_url=postgres_url,
        toxiproxy_url=toxiproxy_url,
    )
    _carry_out(lambda screen, opened: run(request, screen, opened))


def _paths(scenario: str) -> tuple[str, ...]:
    """What the first operation of a scenario that only reads asks for, over and over."""
    operation = next(iter(SCENARIOS[scenario].mix))
    return tuple(workload.request(operation, number).path for number in range(DIFFERENT_PATHS))


def _seed(given: int | None) -> int:
    return random.SystemRandom().getrandbits(32) if given is None else given


def _command(given: int | None, used: int) -> str:
    """Return the command line that repeats this run: the one it was asked for by, with the seed that was used."""
    return shlex.join(["twinbench", *sys.argv[1:], *([] if given is not None else ["--seed", str(used)])])


def _carry_out(carry_out: Callable[[RunConsole, Callable[[Store], None]], None]) -> NoReturn:
    """Make a run and conclude it; one that was cut short is concluded, too."""
    stores: list[Store] = []
    try:
        with RunConsole() as screen:
            carry_out(screen, stores.append)
    except (HarnessError, KeyboardInterrupt):
        # what was stored up to here is worth a report, whatever else the person is told
        with contextlib.suppress(HarnessError):
            for store in stores:
                show(conclude(store), _report(store), out_console)
        raise
    _finish(stores[0])


def _settings(targets: Iterable[Target]) -> tuple[Setting, ...]:
    """Read the settings of each target, which variables of the environment may change."""
    values: dict[str, dict[str, str]] = {}
    reasons: dict[str, str] = {}
    for target in targets:
        for name, value, why in workload.settings(target):
            values.setdefault(name, {})[target.name] = value
            reasons[name] = why
    return tuple(Setting(name=name, values=values[name], why=why) for name, why in reasons.items())


def _finish(store: Store) -> NoReturn:
    summary = conclude(store)
    show(summary, _report(store), out_console)
    raise typer.Exit(BY_VERDICT[summary.verdict])


def _report(store: Store) -> str:
    path = store.folder / "report.html"
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _known(names: list[str] | tuple[str, ...], known: object, kind: str) -> None:
    assert isinstance(known, dict)  # noqa: S101 - for the type checker
    for name in names:
        if name not in known:
            raise UsageError(f"No {kind} is called {name!r}", f"Choose of {', '.join(sorted(known))}")


def _told(profile: Profile) -> str:
    levels = ", ".join(str(level) for level in profile.added_ms)
    return f"{len(profile.scenarios)} scenarios at {levels} ms, {profile.blocks} blocks"


@contextlib.contextmanager
def _ended_in_order() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into what Ctrl-C is, so that every context manager gets to clean up."""

    def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def main() -> None:
    """Run the command line, and turn whatever goes wrong into one line and an exit code."""
    errors = Console(stderr=True)
    try:
        with _ended_in_order():
            code = app(sys.argv[1:] or ["--help"], standalone_mode=False)
    except HarnessError as error:
        errors.print(f"twinbench: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        code = error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        code = ExitCode.INTERRUPTED
    except typer.TyperException as error:
        told = error.format_message() if isinstance(error, typer.BadParameter) else str(error)
        text = f"twinbench: {told.rstrip('.')}. Say 'twinbench --help'."
        errors.print(text, style="red", markup=False, highlight=False, soft_wrap=True)
        code = ExitCode.USAGE
    except Exception:  # noqa: BLE001 - a bug of ours: the trace is for whoever fixes it
        traceback.print_exc()
        errors.print("twinbench: this is a bug of twinbench. Please report it with the lines above.", style="red")
        code = ExitCode.HARNESS
    if code == ExitCode.INTERRUPTED:  # which Typer makes of Ctrl-C itself
        errors.print("twinbench: interrupted. Everything that it started has been ended.", style="yellow")
    sys.exit(code or ExitCode.PASS)


if __name__ == "__main__":
    main()
