"""What takes a comparison to show: the flaw fails the check that it names, with what to do about it, and no twin does.

``make test-slow`` tries it: an interval takes several blocks.
"""

from pathlib import Path

import pytest

from harness.model.summary import Summary
from harness.model.verdict import Verdict
from harness.report.sentences.findings import finding_text
from harness.store import Store
from targets.catalog import CONTROLS, TWINS
from targets.flaws.catalog import SEEN_IN_COMPARISONS
from tests.fix_command_line import twinbench

BLOCKS = 4  # of two, the mean of the twins' difference alone would have to be nine times its spread
LIMIT_S = 600


@pytest.fixture(scope="module", params=SEEN_IN_COMPARISONS)
def compared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Summary, int]:
    """A flaw beside both twins, and how the run ended."""
    out: Path = tmp_path_factory.mktemp("compared")
    words = ["run", "point-read", "--latency-ms", "0", "--profile", "quick", "--blocks", str(BLOCKS)]
    words += [word for name in (*TWINS, request.param) for word in ("--target", name)]
    done = twinbench(*words, "--seed", "7", "--out", str(out), timeout_s=LIMIT_S)
    summary = Store.open(out / "latest").summary()
    assert summary is not None, done.stderr
    return request.param, summary, done.returncode


@pytest.mark.slow
@pytest.mark.timeout(LIMIT_S)
def test_it_is_caught_by_what_it_names_and_told_what_to_do_and_no_twin_is(compared: tuple[str, Summary, int]) -> None:
    name, summary, code = compared
    ((check, expected),) = SEEN_IN_COMPARISONS[name].expected.items()
    found = {one.subject: one for one in summary.findings if one.check == check}
    assert {subject: one.verdict for subject, one in found.items()} == {name: expected} | dict.fromkeys(
        TWINS, Verdict.PASS
    )
    assert {one.check for one in summary.findings if one.verdict is Verdict.FAIL} == {check}
    told = finding_text(found[name]).summary
    assert "gc.freeze() after the start" in told
    assert "keep few objects that requests make" in told
    assert (summary.verdict, code) == (Verdict.FAIL, 1)


def test_chaos_does_not_ask_for_what_it_has_no_answer_to() -> None:
    assert not SEEN_IN_COMPARISONS.keys() & CONTROLS.keys()
