"""A sample of what tools/altered_runs.py does to stored runs by the thousand, and whether it would notice."""

from pathlib import Path

from tests.stored_run import passing_run
from tools.altered_runs import MANIFESTS, cases, try_case, warm_up

SAMPLE = 18


def test_no_altered_run_is_read_otherwise_than_it_should_be(tmp_path: Path) -> None:
    warm_up()
    run = passing_run(tmp_path).folder
    tried = [try_case(case) for case in cases([run], SAMPLE, 7)]
    assert [(outcome.wrong, outcome.done, outcome.said) for outcome in tried if outcome.wrong] == []
    assert {outcome.case.manifest for outcome in tried} == set(MANIFESTS)
