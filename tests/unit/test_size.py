"""Files and functions are short enough to be read in one sitting, and no linter's waiver says otherwise."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST_FILE, LONGEST_FUNCTION = 300, 50


def product() -> list[str]:
    """Every Python file but tests and migrations."""
    listed = subprocess.run(
        ["git", "ls-files", "harness/*.py", "targets/*.py", "scenarios/*.py", "tools/*.py"],  # noqa: S607 - git on PATH
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [line for line in listed.stdout.splitlines() if (ROOT / line).exists()]


def long_functions(source: str) -> Iterator[str]:
    """Name functions that are longer than a screen."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            length = node.end_lineno - node.lineno + 1
            if length > LONGEST_FUNCTION:
                yield f"{node.name} {length}"


@pytest.mark.parametrize("path", product())
def test_it_can_be_read_in_one_sitting(path: str) -> None:
    text = (ROOT / path).read_text()
    assert len(text.splitlines()) <= LONGEST_FILE
    assert list(long_functions(text)) == []
    for rule in ("PLR0913", "PLR0917"):
        assert rule not in text


def test_a_long_function_is_found() -> None:
    body = "    pass\n" * LONGEST_FUNCTION
    assert list(long_functions(f"def short():\n{body[:-9]}")) == []
    assert list(long_functions(f"async def long():\n{body}")) == [f"long {LONGEST_FUNCTION + 1}"]
