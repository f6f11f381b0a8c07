"""The command line, said in this process, which spares each command the start of an interpreter and its imports."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from harness.cli import carry_out


@dataclass(frozen=True, kw_only=True)
class Said:
    """What came of a command: its exit code, and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


Say = Callable[..., Said]


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    """Say words to the command line, with variables of the environment."""

    def said(*words: str, **variables: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["twinbench", *words])
        for name, value in {"COLUMNS": "200", **variables}.items():
            monkeypatch.setenv(name, value)
        capfd.readouterr()
        code = carry_out()
        told = capfd.readouterr()
        return Said(returncode=code, stdout=told.out, stderr=told.err)

    return said
