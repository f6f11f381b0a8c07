"""Every number that decides a verdict on the main path is written down: its value, where it is from, why it holds."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECKS = ("framework_overhead", "garbage", "added_latency", "success_rate", "n_plus_one")
DECISIONS = (ROOT / "docs" / "decisions.md").read_text()
# Nothing, one, and "all but": they bound nothing by themselves.
PLAIN = {0, 1}


def source_of(check: str) -> str:
    return (ROOT / "harness" / "analysis" / "checks" / f"{check}.py").read_text()


def constants(source: str) -> dict[str, float]:
    """Numbers that have a name, by it."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign):
            (target,) = node.targets
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            for name, value in zip(names, values, strict=True):
                if isinstance(name, ast.Name) and isinstance(value, ast.Constant) and is_number(value.value):
                    found[name.id] = float(value.value)  # type: ignore[arg-type]  # as is_number says
    return found


def unnamed(source: str) -> set[float]:
    """Numbers without a name, but for the plain ones."""
    functions = [node for node in ast.parse(source).body if not isinstance(node, ast.Assign)]
    literals = [node.value for top in functions for node in ast.walk(top) if isinstance(node, ast.Constant)]
    return {float(value) for value in literals if is_number(value) and value not in PLAIN}  # type: ignore[arg-type]  # the same


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def missing(check: str, source: str, documented: str) -> list[str]:
    """Constants of a check that have no row of their own: name and value, origin, and why it holds on any machine."""
    wrong = [f"{check}: {value:g} has no name" for value in sorted(unnamed(source))]
    for name, value in constants(source).items():
        row = re.search(rf"^\| `{check}\.{name}` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", documented, re.MULTILINE)
        if row is None or not all(cell.strip() for cell in row.groups()):
            wrong.append(f"{check}.{name} has no row in docs/decisions.md")
        elif float(row.group(1).replace(",", "")) != value:
            wrong.append(f"{check}.{name} is {value:g}, and docs/decisions.md has {row.group(1)}")
    return wrong


@pytest.mark.parametrize("check", CHECKS)
def test_every_number_of_the_main_path_is_accounted_for(check: str) -> None:
    assert missing(check, source_of(check), DECISIONS) == []


def test_every_row_is_of_a_number_that_is_there() -> None:
    rows = re.findall(r"^\| `(\w+)\.([A-Z_]+)` \|", DECISIONS, re.MULTILINE)
    assert {check for check, _ in rows} == {check for check in CHECKS if constants(source_of(check))}
    for check, name in rows:
        assert name in constants(source_of(check)), f"{check}.{name}"


def test_a_number_without_a_row_a_name_or_the_right_value_is_found() -> None:
    assert missing("x", "LIMIT = 7", "") == ["x.LIMIT has no row in docs/decisions.md"]
    assert missing("x", "LIMIT = 7", "| `x.LIMIT` | 7 | measured | |") == ["x.LIMIT has no row in docs/decisions.md"]
    assert missing("x", "LIMIT = 7", "| `x.LIMIT` | 8 | measured | so |") == [
        "x.LIMIT is 7, and docs/decisions.md has 8"
    ]
    assert missing("x", "LOW, HIGH = 1, 3", "| `x.LOW` | 1 | measured | so |") == [
        "x.HIGH has no row in docs/decisions.md"
    ]
    assert missing("x", "def f(a):\n    return a > 0.4", "") == ["x: 0.4 has no name"]
    assert missing("x", "LIMIT = 7\ndef f(a):\n    return a > 0", "| `x.LIMIT` | 7 | measured | so |") == []
