"""An Alembic project made on the spot, with a database of its own: the repository's, whose models may be others."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.experiments.base import Run
from harness.experiments.claims.claim_test import ROOT
from harness.provision.postgres import another_database, connect
from harness.provision.processes import temporary_folder

IMPORT = "from targets.shared.models import Base"  # the line of alembic/env.py that is replaced


@dataclass(frozen=True, kw_only=True)
class AlembicProject:
    """A folder with ``alembic.ini``, ``env.py`` and revisions, and the URL of the database that they are for."""

    folder: Path
    url: str

    def import_models(self, lines: str) -> None:
        """Have ``env.py`` import its models by other lines than the repository's.

        Raises:
            LookupError: The line that these take the place of is not there.
        """
        env = (ROOT / "alembic" / "env.py").read_text(encoding="utf-8")
        if IMPORT not in env:
            raise LookupError(f"alembic/env.py has no line {IMPORT!r}")
        (self.folder / "alembic" / "env.py").write_text(env.replace(IMPORT, lines), encoding="utf-8")

    def alembic(self, *words: str) -> None:
        """Say words to Alembic, as a person would.

        Raises:
            HarnessError: It fails; the error has its last line.
        """
        done = subprocess.run(
            [sys.executable, "-m", "alembic", "-c", str(self.folder / "alembic.ini"), *words],
            cwd=ROOT,
            env={**os.environ, "TWIN_DATABASE_URL": self.url},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise HarnessError(f"'alembic {' '.join(words)}' failed: {last}", f"Read {self.folder}")

    def autogenerate(self, message: str) -> tuple[str, ...]:
        """Have the next revision written, and return the operations of its upgrade, in order."""
        before = self._revisions()
        self.alembic("revision", "--autogenerate", "-m", message)
        (written,) = self._revisions() - before
        return tuple(operations(written.read_text(encoding="utf-8")))

    def forget_newest(self) -> None:
        """Delete the revision that was written last."""
        max(self._revisions(), key=lambda path: path.stat().st_mtime_ns).unlink()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the database."""
        with closing(connect(self.url)) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall() if cursor.description else []

    def _revisions(self) -> set[Path]:
        return set((self.folder / "alembic" / "versions").glob("*.py"))


@contextmanager
def alembic_project(run: Run, *, revisions: bool) -> Iterator[AlembicProject]:
    """Make a project in a temporary folder with an empty database, and with the repository's revisions if so asked."""
    with (
        temporary_folder("twinbench-alembic-", within=Path(tempfile.gettempdir())) as folder,
        another_database(run.services.postgres.url) as url,
    ):
        shutil.copy(ROOT / "alembic.ini", folder)
        ignored = shutil.ignore_patterns("__pycache__", *(() if revisions else ("0*.py",)))
        shutil.copytree(ROOT / "alembic", folder / "alembic", ignore=ignored)
        yield AlembicProject(folder=folder, url=url)


def operations(revision: str) -> Iterator[str]:
    """Return the operations of a revision's upgrade as they are written: ``add_column users nickname``."""
    (upgrade,) = (
        node for node in ast.parse(revision).body if isinstance(node, ast.FunctionDef) and node.name == "upgrade"
    )
    for statement in upgrade.body:
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            yield " ".join([call.func.attr, *_names([*call.args, *(word.value for word in call.keywords)][:2])])


def _names(arguments: Sequence[ast.expr]) -> Iterator[str]:
    """Return what arguments name: a text itself, or the first text that a call is given."""
    for argument in arguments:
        if isinstance(argument, ast.Call):
            yield from _names(argument.args[:1])
        elif isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value
