"""Every number that may decide a verdict is written down: its value, where it is from, why it holds on any machine."""

import ast
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# What the rows of a folder's constants begin with.
PLACES = {
    "": "harness/analysis/checks",
    "claims/": "harness/analysis/checks/claims",
    "stats/": "harness/analysis/stats",
    "probe/": "harness/probe",
    "provision/": "harness/provision",
}
MODULES = {
    f"{prefix}{path.stem}": path.read_text()
    for prefix, folder in PLACES.items()
    for path in sorted((ROOT / folder).glob("*.py"))
}
DECISIONS = (ROOT / "docs" / "decisions.md").read_text()
ROW = re.compile(r"^\| `((?:\w+/)?\w+)\.(\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
# Nothing, one and "all but"; a percentage, and what one unit has of another: they bound nothing by themselves.
PLAIN = {0.0, 1.0, 100.0, 1e3, 1e6, 1e9}
# Numbers without a name that bound nothing either, by module.
NO_BOUNDS: dict[str, set[float]] = {
    "recovery": {2, 400, 500},  # halves, RFC 9110
    "stats/anytime": {2},  # of formulas
    "stats/intervals": {2},
    "stats/latency": {6},  # decimals
    "stats/under_fault": {400, 500},  # RFC 9110
    "stats/slices": {0.5, 2, 3},  # a fair coin, two sides; columns
    "probe/loop": {2},  # times a pause
    "probe/primitives": {2, 4096},  # positions; instructions that are kept
    "probe/request_sampling": {1.7},  # times the requests that are chosen anyway
    "probe/sampler": {4, 8},  # of the kernel's structures
    "probe/served": {200},  # RFC 9110
    "probe/stalls": {2},  # halfway
    "probe/statement_form": {256},  # forms that are kept
    "provision/database": {0.005, 30},  # how often one asks, and how long by default
    "provision/environment": {2, 30},  # GiB, and decimals
    "provision/http_connection": {80},  # a port
    "provision/libraries": {2},  # parts of a line
    "provision/pause": {2, 3},  # of the kernel's numbers of clocks
    "provision/postgres": {4, 5, 16, 5432},  # of a name, of a connection, of a password, a port
    "provision/postgres_binary": {0o600},
    "provision/postgres_url": {2},  # parts of a URL
    "provision/processes": {2, 3, 5.0, 8, 16, 0o600, 0o700},  # of last words, of a time limit, of names
    "provision/toxiproxy": {2, 4},  # parts of an address, of a name
    "provision/toxiproxy_binary": {12},  # of a digest
}
# What has a name and numbers, which only tell one thing from another, or are a version's or a path's.
NAMES = {
    "probe/request": {"PYTHON", "THREAD", "CONNECTION", "DATABASE", "ELSEWHERE", "current_task"},
    "provision/toxiproxy_binary": {"PIN"},
}


def numbers(node: ast.AST) -> Iterator[float]:
    """Yield every number that is written in a piece of source."""
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, int | float) and not isinstance(one.value, bool):
            yield float(one.value)


def value_of(node: ast.expr) -> float | None:
    """Compute what is written as a number; None for whatever else holds numbers."""
    if all(
        isinstance(one, ast.Constant | ast.BinOp | ast.UnaryOp | ast.operator | ast.unaryop) for one in ast.walk(node)
    ):
        found = eval(compile(ast.Expression(node), "", "eval"), {})  # noqa: S307 - of numbers alone
        return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None
    return None


def constants(source: str) -> dict[str, float | None]:
    """Constants of a module that are numbers, by their names, and those that hold some, as None."""
    found: dict[str, float | None] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            (target,) = node.targets if isinstance(node, ast.Assign) else [node.target]
            several = isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
            pairs = zip(target.elts, node.value.elts, strict=True) if several else [(target, node.value)]  # type: ignore[union-attr]  # as `several` says
            for name, value in pairs:
                known = value_of(value)
                if known is not None or set(numbers(value)) - PLAIN:
                    found[ast.unparse(name)] = known
    return found


def unnamed(source: str) -> set[float]:
    """Numbers in functions and classes, but for the plain ones."""
    code = [node for node in ast.parse(source).body if not isinstance(node, ast.Assign | ast.AnnAssign)]
    return {value for node in code for value in numbers(node)} - PLAIN


def missing(module: str, source: str, documented: str) -> list[str]:
    """Constants of a module that have no row of their own: name and value, origin, and why it holds on any machine."""
    extra = unnamed(source) - NO_BOUNDS.get(module, set())
    wrong = [f"{module}: {value:g} has no name" for value in sorted(extra)]
    rows = {(row[1], row[2]): row for row in ROW.finditer(documented)}
    for name, value in constants(source).items():
        row = rows.get((module, name))
        if name in NAMES.get(module, set()):
            continue
        if row is None or not all(cell.strip() for cell in row.groups()):
            wrong.append(f"{module}.{name} has no row in docs/decisions.md")
        elif value is not None and float(Fraction(row[3].replace(",", "").strip())) != value:
            wrong.append(f"{module}.{name} is {value:g}, and docs/decisions.md has {row[3]}")
    return wrong


@pytest.mark.parametrize("module", MODULES)
def test_every_number_is_accounted_for(module: str) -> None:
    assert missing(module, MODULES[module], DECISIONS) == []


def test_every_row_is_of_a_number_that_is_there_and_there_is_one_of_each() -> None:
    rows = [(row[1], row[2]) for row in ROW.finditer(DECISIONS)]
    assert [f"{module}.{name}" for module, name in rows if name not in constants(MODULES[module])] == []
    assert len(set(rows)) == len(rows)


def test_what_is_left_out_is_there() -> None:
    for module, values in NO_BOUNDS.items():
        assert values <= unnamed(MODULES[module]), module
    for module, names in NAMES.items():
        assert names <= constants(MODULES[module]).keys(), module


@pytest.mark.parametrize("prefix", PLACES)
def test_a_new_number_is_found_wherever_it_is(prefix: str) -> None:
    module = next(name for name in MODULES if name.rpartition("/")[0] == prefix.rstrip("/") and MODULES[name])
    changed = f"{MODULES[module]}\nNEW_LIMIT_S = 0.25\ndef is_long(took_s):\n    return took_s > 0.75\n"
    assert missing(module, changed, DECISIONS) == [
        f"{module}: 0.75 has no name",
        f"{module}.NEW_LIMIT_S has no row in docs/decisions.md",
    ]


def test_a_number_without_a_row_a_name_or_the_right_value_is_found() -> None:
    assert missing("x", "LIMIT = 7", "") == ["x.LIMIT has no row in docs/decisions.md"]
    assert missing("x", "LIMIT: float = 7", "") == ["x.LIMIT has no row in docs/decisions.md"]
    assert missing("x", "LIMIT = 7", "| `x.LIMIT` | 7 | measured | |") == ["x.LIMIT has no row in docs/decisions.md"]
    assert missing("x", "LIMIT = 7", "| `x.LIMIT` | 8 | measured | so |") == [
        "x.LIMIT is 7, and docs/decisions.md has 8"
    ]
    assert missing("x", "LOW, HIGH = 1, 3", "| `x.LOW` | 1 | measured | so |") == [
        "x.HIGH has no row in docs/decisions.md"
    ]
    assert missing("x", "LIMITS = {'a': 3}", "") == ["x.LIMITS has no row in docs/decisions.md"]
    assert missing("x", "def f(a):\n    return a > 0.4", "") == ["x: 0.4 has no name"]
    assert missing("x", "def f(a):\n    return 2 * a > 0", "") == ["x: 2 has no name"]
    documented = "| `x.LIMIT` | 1/3 | measured | so |"
    assert missing("x", "LIMIT = 1 / 3\ndef f(a):\n    return a > 0", documented) == []
