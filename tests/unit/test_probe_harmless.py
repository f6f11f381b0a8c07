"""A probe does an application no harm, and accuses it of nothing that it does not do."""

from harness.probe.holders import NOBODYS, OVER, _Held, _phase
from harness.probe.phases import Request


async def serve() -> None:
    """An application."""


def request() -> Request:
    """One that is under way, of which only the phase matters."""
    coroutine = serve()
    coroutine.close()
    return Request(coroutine, task=None)


def test_in_a_thread_of_the_applications_own_there_is_no_task_to_look_for() -> None:
    here = request()
    here.look_for_its_task()  # raises nothing, though no event loop runs here
    assert not here.handed_on


def test_a_connection_that_no_request_has_checked_out_has_not_leaked() -> None:
    over = request()
    over.over = True
    assert _phase(_Held(None, "jobs.py:3 listen", 0.0)) == NOBODYS
    assert _phase(_Held(over, "", 0.0)) == OVER
    assert _phase(_Held(request(), "", 0.0)) == "python"
