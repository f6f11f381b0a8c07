"""Does a page send as many statements as its loading strategy promises, however many rows it has?"""

from __future__ import annotations

from collections.abc import Sequence

from harness.model.evidence import PageReading
from harness.model.findings import Finding
from harness.model.outcome import Verdict

# Besides one for the users: how many for their posts. None stands for one of each user, which is N+1.
PROMISED: dict[str, int | None] = {"raise": 0, "joined": 0, "selectin": 1, "lazy": None}


def check_eager_loading(readings: Sequence[PageReading]) -> Finding:
    """Hold each reading's statements against what is promised.

    ``lazy`` is the control: where it is not seen to send one a user, no other count means much.
    """
    if not readings or any(one.statements is None for one in readings):
        return _finding(Verdict.UNDECIDED, "PostgreSQL did not count the statements", readings, len(readings))
    broken = [one for one in readings if one.statements != _promised(one)]
    eager = [one for one in broken if PROMISED[one.strategy] is not None]
    if eager:
        return _finding(
            Verdict.FAIL, "Pages send more or fewer statements than promised", readings, len(eager), eager[0]
        )
    if broken or not any(one.strategy == "lazy" for one in readings):
        first = broken[0] if broken else None
        return _finding(Verdict.UNDECIDED, "One statement a user was not seen", readings, len(broken) or 1, first)
    return _finding(Verdict.PASS, "Pages send as many statements as their strategies promise", readings)


def _promised(one: PageReading) -> int:
    more = PROMISED[one.strategy]
    return 1 + (one.users if more is None else more)


def _finding(
    verdict: Verdict, summary: str, readings: Sequence[PageReading], count: int = 0, first: PageReading | None = None
) -> Finding:
    return Finding(
        check="loading",
        verdict=verdict,
        summary=summary,
        measured=f"{len(readings)} readings of {len({one.strategy for one in readings})} strategies",
        limit="1 statement for the users, and for their posts: raise 0, joined 0, selectin 1, lazy 1 a user",
        count=count,
        first=_told(first) if first else "",
    )


def _told(one: PageReading) -> str:
    page = f"{one.users} users with {one.posts_each} posts each"
    return f"{one.target}, load={one.strategy}, {page}: {one.statements:g} statements"
