"""What the probe of the event loop tells, written by hand, and what the check makes of it."""

from harness.analysis.checks import loop
from harness.analysis.checks.loop import check_loop
from harness.model.evidence import Evidence, Sample
from harness.model.verdict import Place, Verdict
from harness.probe.call_site import FRAMEWORK
from harness.report.sentences.findings import FindingText
from tests.evidence import evidence, one, op, place, sample, told

NONE_COLLECTED = "0 full garbage collections, 0.00 s"
FREE = f"at most 4 ms late, 4 ms of it by itself; 0.00 s without a core; {NONE_COLLECTED}"
ROUTE = "GET /users/{user_id}"
OUTSIDE = Place(*FRAMEWORK)


def lag(seconds: float, own_s: float | None = None) -> Sample:
    return sample("loop", "lag_max_s", seconds, own_s=seconds if own_s is None else own_s)


LAG = lag(0.004)


def stall(
    seconds: float,
    call_site: str | Place = "repositories.py:41 user",
    *,
    computed: float = 0.0,
    metric: str = "stall_s",
    **labels: str | float,
) -> Sample:
    """A stall of which all is proven, and this share computed."""
    at = call_site if isinstance(call_site, Place) else place(call_site)
    told_of = {"proven_s": seconds, "computed_s": computed * seconds, **labels}
    return sample("loop", metric, seconds, call_site=at, **told_of)


def answers(seconds: float, route: str = ROUTE) -> Sample:
    """A call without a line of the application's."""
    return stall(seconds, OUTSIDE, computed=1, route=route, inside="fastapi.routing.serialize_response")


def busy(busy_s: float, ended: int, passed_s: float = 1.0) -> Sample:
    return sample("loop", "busy_s", busy_s, ended=ended, passed_s=passed_s)


def spent(seconds: float, call_site: str | Place, route: str = ROUTE, idle_s: float = 0.0) -> Sample:
    at = call_site if isinstance(call_site, Place) else place(call_site)
    return sample("loop", "late_in_s", seconds, call_site=at, route=route, idle_s=idle_s)


def pieces(times_usual: float) -> Sample:
    """An interpreter that takes so many times as long as usual."""
    return sample("loop", "piece_s", times_usual * loop.USUAL_PIECE_S)


def watched(*samples: Sample) -> Evidence:
    return evidence(op(0), samples=(LAG, *samples))


def judged(*samples: Sample) -> FindingText:
    """What the check says, in words."""
    return told(check_loop(watched(*samples)))


def said(*samples: Sample) -> tuple[Verdict, str]:
    found = one(check_loop(watched(*samples)))
    return found.verdict, found.code


FAILS, PASSES = (Verdict.FAIL, "held_up"), (Verdict.PASS, "free")
