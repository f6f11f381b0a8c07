"""Options of the command line: those that several commands share, and the long ones."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from harness.commands.amounts import seconds, share
from harness.printable import printable
from harness.provision.postgres_url import OPTION, VARIABLE, exposures, read_url


class ChaosProfileName(StrEnum):
    """The profiles of chaos, as choices; a test holds them against the catalog."""

    DEFAULT = "default"
    FULL = "full"
    SOAK = "soak"
    FLAWS = "flaws"


class ClaimsProfileName(StrEnum):
    """How much of a claim is tried, as choices: a sample, or all of it."""

    DEFAULT = "default"
    FULL = "full"


class ProfileName(StrEnum):
    """The profiles, as choices; a test holds them against the catalog."""

    QUICK = "quick"
    DEFAULT = "default"
    FULL = "full"


def _read_url(context: typer.Context, parameter: typer.CallbackParam, given: str | None) -> str | None:
    """Return the URL itself, wherever it is, and warn of whoever else may read its password."""
    if given is None:
        return None
    source = context.get_parameter_source(str(parameter.name))
    url = read_url(given)
    for sentence in exposures(given, typed=source is not None and source.name == "COMMANDLINE"):
        typer.secho(printable(f"Warning: {sentence}"), err=True, fg="yellow")
    return url


OutOption = Annotated[Path, typer.Option("--out", help="Folder for results.")]
ProfileOption = Annotated[ProfileName, typer.Option("--profile", help="How much to run.")]
ChaosProfileOption = Annotated[ChaosProfileName, typer.Option("--profile", help="How much to run.")]
ClaimsProfileOption = Annotated[ClaimsProfileName, typer.Option("--profile", help="How much to run.")]
PostgresOption = Annotated[
    str | None,
    typer.Option(
        OPTION,
        envvar=VARIABLE,
        callback=_read_url,
        metavar="URL|@FILE",
        help="Use this server (loopback) instead of one of our own; @FILE has its URL.",
    ),
]
ToxiproxyOption = Annotated[
    str | None, typer.Option("--toxiproxy-url", help="Use this Toxiproxy (loopback) instead of one of our own.")
]
SeedOption = Annotated[
    int | None, typer.Option("--seed", help="Fixes the order of trials and the load. Chosen and shown if left out.")
]
BlocksOption = Annotated[
    int | None, typer.Option("--blocks", min=1, max=100, help="Repetitions of it all; the usual number if left out.")
]
SecondsOption = Annotated[
    float | None, typer.Option("--seconds", min=0.1, max=600, help="Of slices, for each pair and request in a block.")
]
PrecisionOption = Annotated[
    float | None,
    typer.Option(
        "--precision",
        parser=share,
        metavar="PERCENT",
        help="End when every interval is within this much of its ratio, such as 3%; the profile's if left out.",
    ),
]
TimeOption = Annotated[
    float | None,
    typer.Option(
        "--for",
        parser=seconds,
        metavar="TIME",
        help="End after this time of measuring at most, such as 8m; the profile's if left out.",
    ),
]
PinOption = Annotated[
    bool, typer.Option("--pin", help="Keep targets, load generator and all else to processors of their own.")
]
TargetOption = Annotated[
    list[str] | None, typer.Option("--target", help="Target to run; may be given again. Both twins if left out.")
]
ProbedOption = Annotated[
    list[str] | None, typer.Option("--target", help="Target with probes; may be given again. All if left out.")
]
CutOption = Annotated[
    list[str] | None, typer.Option("--cut", help="Write to cut at every byte; may be given again. 'none' for none.")
]
FaultOption = Annotated[
    list[str] | None,
    typer.Option("--fault", help="Fault to inject; may be given again. 'none' for none, all if left out."),
]
LatencyOption = Annotated[
    list[int] | None,
    typer.Option("--latency-ms", min=0, max=10_000, help="Added latency; may be given again. The usual if left out."),
]
WorkloadOption = Annotated[
    str, typer.Option("--workload", metavar="MODULE:NAME", help="Application to run; the one that ships if left out.")
]
ScenarioArgument = Annotated[
    list[str] | None, typer.Argument(help="Scenarios to run; all of the profile's if left out.")
]
ClaimArgument = Annotated[list[str] | None, typer.Argument(help="Claims to put to the test; all if left out.")]
RunArgument = Annotated[Path | None, typer.Argument(metavar="[RUN]", help="A run's folder; the newest if left out.")]
