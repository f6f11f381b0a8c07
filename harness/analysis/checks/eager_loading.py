"""Does a page send as many statements as its loading strategy promises, however many rows it has?"""

from __future__ import annotations

from harness.model.evidence import PageReading, PageReadings
from harness.model.findings import Case, Finding, Findings, in_unit
from harness.model.verdict import Verdict

# Besides one for the users: how many for their posts. None stands for one of each user, which is N+1.
PROMISED: dict[str, int | None] = {"raise": 0, "joined": 0, "selectin": 1, "lazy": None}


def check_eager_loading(pages: PageReadings) -> Findings:
    """Compare each reading's statements with what is promised.

    ``lazy`` is the control: where it is not seen to send one a user, no other count means much.
    """
    readings = pages.readings
    broken = [one for one in readings if one.statements != _promised(one)]
    eager = [one for one in broken if PROMISED[one.strategy] is not None]
    count, first = 0, None
    if not readings or any(one.statements is None for one in readings):
        verdict, code, count = Verdict.UNDECIDED, "statements_not_counted", len(readings)
    elif eager:
        verdict, code, count, first = Verdict.FAIL, "statements_differ", len(eager), eager[0]
    elif broken or not any(one.strategy == "lazy" for one in readings):
        verdict, code, count = Verdict.UNDECIDED, "control_not_seen", len(broken) or 1
        first = broken[0] if broken else None
    else:
        verdict, code = Verdict.PASS, "as_promised"
    strategies = {one.strategy for one in readings}
    promised = {strategy: more for strategy, more in PROMISED.items() if more is not None}
    yield Finding(
        check="eager_loading",
        verdict=verdict,
        code=code,
        values=in_unit("readings", readings=len(readings))
        | in_unit("strategies", strategies=len(strategies))
        | in_unit("statements", **promised),
        count=count,
        first=_case(first) if first else None,
    )


def _promised(one: PageReading) -> int:
    more = PROMISED[one.strategy]
    return 1 + (one.users if more is None else more)


def _case(one: PageReading) -> Case:
    return Case(
        code="statements_differ",
        facts={"target": one.target, "strategy": one.strategy},
        values=in_unit("users", users=one.users)
        | in_unit("posts", posts_each=one.posts_each)
        | in_unit("statements", statements=one.statements or 0.0, promised=_promised(one)),
    )
