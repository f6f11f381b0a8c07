"""A flaw for each check is caught by it. A twin is caught by none by the same means, which is among the slow tests.

``make flaws`` tries all flaws and both twins.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.analysis.checks.controls import check_control
from harness.model.findings import ControlRow
from harness.model.summary import Summary
from harness.model.verdict import Verdict
from harness.report.sentences.cases import case_text
from harness.store import Store
from targets.catalog import CONTROLS, TWINS
from targets.flaws.catalog import BROKEN_BY_FAULTS, FLAWS, SEEN_IN_CLAIMS, SEEN_IN_COMPARISONS, SEEN_INSIDE
from tests.evidence import one
from tests.fix_command_line import WATCHED_LONGER, twinbench

FOLDER = Path(__file__).parents[2] / "targets" / "flaws"
SEEN_ELSEWHERE = {**SEEN_IN_COMPARISONS, **SEEN_IN_CLAIMS}
NO_FLAWS = {"__init__", "catalog", "shadow"}
SAMPLE = ("flaw:commit_in_two_steps", "flaw:synchronous_commit_off", "flaw:lazy_loading")
SLOW_SAMPLE = ("flaw:lost_update", "flaw:session_reused_without_rollback")
SAMPLES = [pytest.param(SAMPLE, id="sample"), pytest.param(SLOW_SAMPLE, id="slow", marks=pytest.mark.slow)]


Tried = tuple[Store, Summary, int]


def try_controls(names: Sequence[str], out: Path) -> Tried:
    """Do what ``make flaws`` does, from end to end, with some of them."""
    chosen = [word for name in names for word in ("--target", name)]
    words = ("chaos", "--profile", "flaws", *chosen, "--seed", "7", "--out", str(out))
    done = twinbench(*words, timeout_s=900, changed=WATCHED_LONGER)
    store = Store.open(out / "latest")
    summary = store.summary()
    assert summary is not None, done.stderr
    return store, summary, done.returncode


@pytest.fixture(scope="module")
def tried(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tried:
    """What was found of a sample."""
    return try_controls(request.param, tmp_path_factory.mktemp("flaws"))


def test_the_samples_have_a_flaw_for_each_check_that_catches_one_by_faults_and_one_that_load_shows() -> None:
    caught_by = {check for name in (*SAMPLE, *SLOW_SAMPLE) for check in CONTROLS[name].target.expected}
    assert caught_by >= {check for flaw in BROKEN_BY_FAULTS.values() for check in flaw.target.expected}
    assert SEEN_INSIDE.keys() & SAMPLE


def test_every_flaw_of_the_catalogue_is_tried() -> None:
    targets = [*(flaw.target for flaw in FLAWS.values()), *SEEN_ELSEWHERE.values()]
    assert {path.stem for path in FOLDER.glob("*.py")} - NO_FLAWS == {target.flaw for target in targets}
    assert FLAWS.keys() <= CONTROLS.keys()
    assert all(flaw.cuts or flaw.faults or flaw.load for flaw in FLAWS.values())


def test_every_flaw_names_the_check_that_must_catch_it_and_says_how_it_comes_about() -> None:
    for target in (*(flaw.target for flaw in FLAWS.values()), *SEEN_ELSEWHERE.values()):
        check, *besides = target.expected
        assert set(target.expected.values()) == {Verdict.FAIL}
        text = Path(__file__).parents[2].joinpath(*target.app.partition(":")[0].split(".")).with_suffix(".py")
        for part in ("What goes wrong:", "How it comes about:", f"Caught by: ``{check}``"):
            assert part in text.read_text(), (target.name, part)
        assert all(f"by ``{other}``" in text.read_text() for other in besides), target.name


def row_of(name: str, summary: Summary) -> ControlRow:
    """What all checks say of one control, which is known to be right."""
    (row,) = [row for row in summary.controls if row.target == name]
    found = one(check_control(row))
    assert found.verdict is Verdict.PASS, found
    return row


@pytest.mark.timeout(900)
@pytest.mark.parametrize("tried", SAMPLES, indirect=True)
def test_a_flaw_fails_exactly_what_is_known_of_it_and_a_write_is_shown_in_full(tried: Tried) -> None:
    names = [row.target for row in tried[1].controls if row.target in BROKEN_BY_FAULTS]
    assert len(names) == 2
    for name in names:
        case = row_of(name, tried[1]).offence
        assert case is not None
        offence = case_text(case)
        for part in (
            "key [0-9a-f]{32}",
            "told (ok|unknown|fail)",
            r"stored \d+ in users",
            "asked for [A-Z]+ /api/v1/[a-z]+",
        ):
            assert re.search(part, offence), (name, part, offence)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("tried", SAMPLES[:1], indirect=True)
def test_a_flaw_that_load_shows_is_caught_with_its_line(tried: Tried) -> None:
    row = row_of("flaw:lazy_loading", tried[1])
    assert row.offence is not None
    assert row.offence.place is not None
    assert (row.offence.place.file, row.offence.place.function) == ("lazy_loading.py", "list_users")
    assert row.offence.facts["fix"].startswith("selectinload")
    assert (row.cuts, row.faults, row.loads) == (0, 0, 1)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("tried", SAMPLES, indirect=True)
def test_the_run_passes_and_its_report_has_the_matrix(tried: Tried) -> None:
    store, summary, code = tried
    flaws = len(summary.controls)
    assert (summary.verdict, code) == (Verdict.PASS, 0)
    page = (store.folder / "report.html").read_text()
    assert page.count("◂ must fail") == flaws
    assert f"{flaws} of {flaws} flaws caught by the check that each names" in page


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", TWINS)
def test_a_twin_is_cut_and_hit_by_all_that_brings_flaws_to_light_and_fails_nothing(name: str, tmp_path: Path) -> None:
    store, summary, code = try_controls([name], tmp_path)
    assert (summary.verdict, code) == (Verdict.PASS, 0)
    assert row_of(name, summary).offence is None
    cut_map = store.cuts("control-cuts")
    assert cut_map is not None
    assert {cut.operation for cut in cut_map.cuts} == set(CONTROLS[name].cuts)
    assert sorted(trial.fault for trial in summary.plan.trials) == sorted(CONTROLS[name].faults)
