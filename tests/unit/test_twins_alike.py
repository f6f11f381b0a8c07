"""The twins are one program: strip async and await, map a few names, and every file is the same tree."""

import ast
from pathlib import Path

import pytest

TARGETS = Path(__file__).parents[2] / "targets"
ASYNC, SYNC = TARGETS / "async_api", TARGETS / "sync_api"

# What the async twin calls one thing and the sync twin another.
NAMES = {
    "AsyncSession": "Session",
    "AsyncEngine": "Engine",
    "async_sessionmaker": "sessionmaker",
    "AsyncIterator": "Iterator",
}
MODULES = {"targets.async_api": "targets.sync_api"}
# Read through, as it is only a way to await what follows.
SEEN_THROUGH = "awaitable_attrs"
# The engines differ, and test_engine_settings compares what they are made of.
DIFFERING = {"engine.py"}
# A lifespan is a coroutine in every ASGI application, so in this file only names are mapped.
ASYNC_IN_BOTH = {"main.py"}


class Stripped(ast.NodeTransformer):
    """Admission the tree of an async module into that of its sync twin, and notes which mappings it used."""

    def __init__(self) -> None:
        self.used: set[str] = set()

    def _map(self, name: str) -> str:
        if name in NAMES:
            self.used.add(name)
        return NAMES.get(name, name)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        fields = {field: getattr(node, field) for field in node._fields}
        return self.generic_visit(ast.FunctionDef(**fields))

    def visit_AsyncWith(self, node: ast.AsyncWith) -> ast.AST:
        return self.generic_visit(ast.With(items=node.items, body=node.body))

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.AST:
        return self.generic_visit(ast.For(**{field: getattr(node, field) for field in node._fields}))

    def visit_Await(self, node: ast.Await) -> ast.AST:
        return self.visit(node.value)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if node.attr == SEEN_THROUGH:
            self.used.add(SEEN_THROUGH)
            return self.visit(node.value)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._map(node.id)
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        for old, new in MODULES.items():
            if node.module and node.module.startswith(old):
                self.used.add(old)
                node.module = node.module.replace(old, new, 1)
        for name in node.names:
            name.name = self._map(name.name)
        return node


def _imports(tree: ast.Module) -> set[tuple[str, str]]:
    """Pairs of module and name; where a mapped class is imported from is what differs between the libraries."""
    pairs = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for name in node.names:
                module = "" if name.name in NAMES.values() else (node.module or "")
                pairs.add((module, name.name))
    return pairs


def _shape(tree: ast.Module) -> str:
    """Everything but the import lines, which are compared as sets."""
    body = [node for node in tree.body if not isinstance(node, (ast.Import, ast.ImportFrom))]
    return ast.dump(ast.Module(body=body, type_ignores=[]), indent=1)


def compare(async_source: str, sync_source: str, *, async_in_both: bool = False) -> tuple[list[str], set[str]]:
    """Return what differs between two twin modules, and the mappings that were used."""
    stripped = Stripped()
    async_tree = stripped.visit(ast.parse(async_source))
    # what is async in both is stripped from both
    sync_tree = Stripped().visit(ast.parse(sync_source)) if async_in_both else ast.parse(sync_source)
    differences = []
    if _imports(async_tree) != _imports(sync_tree):
        differences.append(f"imports: {_imports(async_tree) ^ _imports(sync_tree)}")
    if _shape(async_tree) != _shape(sync_tree):
        differences.append("code")
    return differences, stripped.used


def test_both_twins_have_the_same_files() -> None:
    assert {path.name for path in ASYNC.glob("*.py")} == {path.name for path in SYNC.glob("*.py")}


@pytest.mark.parametrize("path", sorted(ASYNC.glob("*.py")), ids=lambda path: path.name)
def test_a_file_is_the_same_in_both_twins(path: Path) -> None:
    if path.name in DIFFERING | {"__init__.py"}:
        assert (SYNC / path.name).exists()
        return
    other = (SYNC / path.name).read_text()
    differences, _ = compare(path.read_text(), other, async_in_both=path.name in ASYNC_IN_BOTH)
    assert not differences


def test_every_mapping_is_used() -> None:
    used: set[str] = set()
    for path in ASYNC.glob("*.py"):
        used |= compare(path.read_text(), "")[1]
    assert used == {*NAMES, *MODULES, SEEN_THROUGH}


SAMPLE = '''
async def read(session: AsyncSession) -> int:
    """Read."""
    async with session.begin():
        return await session.scalar(1, two=2)
'''
TWIN = '''
def read(session: Session) -> int:
    """Read."""
    with session.begin():
        return session.scalar(1, two=2)
'''


def test_two_that_are_alike_are_found_alike() -> None:
    assert compare(SAMPLE, TWIN)[0] == []


@pytest.mark.parametrize(
    "planted",
    [
        TWIN + "\nextra = 1\n",
        TWIN.replace("scalar(1", "scalar(2"),
        TWIN.replace("two=2", "three=2"),
        TWIN.replace("Read.", "Write."),
        TWIN.replace("-> int", "-> str"),
        TWIN.replace("def read", "async def read"),
        "import os\nfrom os import path\n" + TWIN,
        "",
    ],
    ids=["extra line", "literal", "keyword", "docstring", "annotation", "async left", "import", "empty"],
)
def test_a_planted_difference_is_found(planted: str) -> None:
    assert compare(SAMPLE, planted)[0]
