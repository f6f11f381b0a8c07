"""Two cases in full, as ``make cases`` tries them: a mistake that is caught, and what is sound."""

from pathlib import Path

import pytest

from tests.cases.workload import CASES
from tools.cases.answer import Answer
from tools.cases.carry_out import outcomes

TRIED = {name: CASES[name] for name in ("flaw:lazy_loading", "sound:loaded_pages")}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_mistake_is_caught_and_what_is_sound_is_not_accused_and_neither_is_tried_again(tmp_path: Path) -> None:
    said: list[str] = []
    mistake, sound = outcomes(TRIED, 1, "idle", tmp_path, said.append)
    assert (mistake.answer, mistake.said) == (Answer.RIGHT, "n_plus_one: statement_per_row")
    assert "lazy_loading.py" in mistake.place
    assert sound.answer is not Answer.WRONG, sound
    assert len(said) == 1
    assert list(outcomes(TRIED, 1, "idle", tmp_path, said.append)) == [mistake, sound]
    assert len(said) == 1
