"""docs/cli.md and the program agree: the same commands, options, defaults and exit codes, and examples that parse."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from harness.command_line import app
from harness.errors import ExitCode
from harness.faults.catalog import FAULTS
from scenarios.catalog import SCENARIOS
from targets.catalog import CATALOG
from targets.workload import WORKLOAD

ROOT = Path(__file__).parents[2]
CLI = (ROOT / "docs" / "cli.md").read_text()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]  # a group has them
# What options and arguments name, by the parameter's name.
NAMES = {"scenario": SCENARIOS, "target": CATALOG, "cut": WORKLOAD.cuttable, "fault": FAULTS}
MAKEFILE = (ROOT / "Makefile").read_text()


def sections(page: str) -> dict[str, tuple[str, str]]:
    """Each command's heading, after its name, and the text below it."""
    found = re.findall(r"^## `twinbench ([\w-]+)([^`]*)`\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    return {name: (arguments.strip(), text) for name, arguments, text in found}


def documented(section: str) -> dict[str, str]:
    """Options of a command's table, each with its default."""
    return dict(re.findall(r"^\| `(--[\w-]+)` \| ([^|]*) \|", section, re.MULTILINE))


def real(command: Any) -> dict[str, Any]:
    """Options that the program has, each with its default."""
    options = [one for one in command.params if one.param_type_name == "option"]
    return {name: one.default for one in options for name in one.opts}


def examples() -> Iterator[tuple[str, list[str]]]:
    """Every command line of twinbench on any page, with the page's name."""
    for page in PAGES:
        for block in re.findall(r"^```\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
            for line in re.findall(r"^(?:\$ )?(?:TWIN_\w+=\S+ )?twinbench (.*)", block, re.MULTILINE):
                yield page.name, shlex.split(line, comments=True)


def test_every_command_has_its_section_and_no_other_has() -> None:
    assert list(sections(CLI)) == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_section_has_the_options_and_defaults_of_its_command(name: str) -> None:
    _, section = sections(CLI)[name]
    assert documented(section).keys() == real(COMMANDS[name]).keys()
    for option, default in real(COMMANDS[name]).items():
        if default is None:
            continue
        expected = {True: "on", False: "off"}.get(default, str(default)) if isinstance(default, bool) else str(default)
        assert documented(section)[option].strip("` ") == expected, option


@pytest.mark.parametrize("name", COMMANDS)
def test_a_section_names_the_arguments_of_its_command_and_shows_an_example(name: str) -> None:
    heading, section = sections(CLI)[name]
    arguments = [one for one in COMMANDS[name].params if one.param_type_name == "argument"]
    assert bool(arguments) == bool(heading)
    for one in arguments:
        assert (one.metavar or one.name).strip("[]").upper() in heading
        assert ("[" in heading) != one.required
        assert ("..." in heading) == (one.nargs == -1)
    assert re.search(rf"^twinbench {name}\b", section, re.MULTILINE)


@pytest.mark.parametrize(("page", "line"), [*examples()], ids=str)
def test_every_example_is_a_command_line_that_the_program_takes(page: str, line: list[str]) -> None:
    if line == ["--help"]:
        return
    assert line[0] in COMMANDS, f"{page}: {line}"
    given = COMMANDS[line[0]].make_context(line[0], line[1:]).params
    for name, known in NAMES.items():
        values = given.get(name) or ()
        named = {values} if isinstance(values, str) else set(values)
        assert named <= {*known, "none"}, f"{page}: {line}"


def test_every_exit_code_is_there() -> None:
    table = CLI.partition("## Exit codes")[2].partition("## Options")[0]
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)} == set(map(int, ExitCode))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_that_a_page_names_is_there(page: Path) -> None:
    targets = set(re.findall(r"^([\w-]+):", MAKEFILE, re.MULTILINE))
    named = set(re.findall(r"`(?:\$ )?make ([\w-]+)", page.read_text()))
    assert named <= targets
