"""Engines and connections made for each request: each by its name and line, and what only looks like it."""

from dataclasses import replace

import pytest

from harness.analysis.checks.pool import check_pool
from harness.model.evidence import Evidence, Sample
from harness.model.verdict import Verdict
from tests.evidence import TARGET, evidence, one, op, place, sample, told, values

LOOKS = 20
MADE_AT, DISPOSED_AT, LEFT = "engine.py:9 make", "session.py:7 close", "routes.py:5 read"
OF_EACH = ("made", "disposed", "discarded", "forgotten", "handed_out", "opened", "opening_s")
REQUESTS = 60


def counted(
    value: float = 0,
    kind: str = "engine",
    call_site: str = MADE_AT,
    disposes: str = "",
    discards: str = "",
    **counts: float,
) -> Sample:
    """What came of one line up to a look, at which so many connections are open."""
    known = dict.fromkeys(OF_EACH, 0.0) | {"keeps": 0.0, "renewed_after_s": -1.0} | counts
    others = {"disposes": disposes, "discards": discards}
    at = {"call_site": place(call_site), **{name: place(text) if text else None for name, text in others.items()}}
    return sample("pool", "origin", value, kind=kind, **at, **known)


def seen(*origins: Sample, requests: int = REQUESTS) -> Evidence:
    """A trial in which nobody waits, and which ends with these counts; at its beginning there were none."""
    looks = [
        *(sample("pool", "in_use", 1, database=1), sample("pool", "waiting", 0, connection=0)),
    ] * LOOKS
    said = [sample("sessions", name, 0) for name in ("active", "long_active", "idle_in_transaction")]
    said.append(sample("sessions", "long_idle_in_transaction", 0, limit_s=0.05, ages=""))
    before = [
        replace(origin, value=0, fields=dict.fromkeys(origin.fields, 0.0), t_ns=looks[0].t_ns - 1) for origin in origins
    ]
    ops = [op(number, took_ms=1) for number in range(requests)]
    target = replace(TARGET, pool=20, probes=("pool",))
    return replace(evidence(*ops, samples=(*before, *looks, *said, *origins)), target=target)


def code(*origins: Sample, requests: int = REQUESTS) -> str:
    found = one(check_pool(seen(*origins, requests=requests)))
    assert (found.verdict is Verdict.PASS) == (found.code == "nobody_waited")
    return found.code


def test_a_connection_for_each_request_is_told_with_its_line_and_what_it_costs() -> None:
    found = told(check_pool(seen(counted(3, handed_out=60, opened=66, opening_s=0.33))))
    assert found.summary.startswith(
        "A connection for each request: 66 were opened for 60 that requests used, 1.10 a request, which took 5.0 ms"
    )
    assert (found.verdict, found.first, found.count) == (Verdict.FAIL, MADE_AT, 1)


@pytest.mark.parametrize(("opened", "name"), [(30, "connection_per_request"), (29, "nobody_waited")])
def test_it_is_one_for_each_from_the_half_on(opened: int, name: str) -> None:
    assert code(counted(handed_out=60, opened=opened)) == name


def test_a_pool_that_fills_opens_none_again() -> None:
    assert code(counted(20, handed_out=20, opened=20)) == "nobody_waited"
    assert code(counted(20, handed_out=60, opened=50)) == "connection_per_request"
    assert code(counted(21, handed_out=60, opened=50)) == "nobody_waited"


def test_connections_that_are_fewer_than_before_are_no_more_that_were_opened() -> None:
    trial = seen(counted(0, handed_out=60, opened=29))
    shrunk = replace(trial, samples=(replace(trial.samples[0], value=9), *trial.samples[1:]))
    assert one(check_pool(shrunk)).code == "nobody_waited"


def test_a_pool_that_is_renewed_now_and_then_opens_few() -> None:
    assert code(counted(16, handed_out=100, opened=32)) == "nobody_waited"


def test_one_that_few_requests_use_is_told_from_one_that_they_use_now_and_then() -> None:
    few = counted(handed_out=6, opened=6)
    assert code(few, requests=60) == "connection_per_request"
    assert code(few, requests=61) == "nobody_waited"
    assert code(counted(handed_out=5, opened=5), requests=10) == "connection_per_request"
    assert code(counted(handed_out=4, opened=4), requests=10) == "nobody_waited"


def test_requests_outside_of_the_window_do_not_count() -> None:
    trial = seen(counted(handed_out=6, opened=6))
    later = [op(1000 + number, took_ms=1) for number in range(900)]
    assert one(check_pool(replace(trial, ops=(*trial.ops, *later)))).code == "connection_per_request"


def test_what_was_there_before_the_window_is_not_of_it() -> None:
    trial = seen(counted(5, handed_out=60, opened=60))
    before = replace(trial.samples[0], value=5, fields=counted(handed_out=0, opened=50).fields)
    assert one(check_pool(replace(trial, samples=(before, *trial.samples[1:])))).code == "nobody_waited"


def test_of_a_line_that_is_new_all_counts() -> None:
    trial = seen(counted(5, handed_out=60, opened=60))
    late = replace(trial.samples[0], value=5, fields=trial.samples[-1].fields, t_ns=trial.samples[1].t_ns + 1)
    assert one(check_pool(replace(trial, samples=(*trial.samples[1:-1], late)))).code == "connection_per_request"


def test_an_engine_for_each_request_is_told_with_its_line_and_how_many_are_open() -> None:
    found = told(check_pool(seen(counted(188, made=60, handed_out=60, opened=60, opening_s=0.3))))
    assert found.summary.startswith(
        "An engine for each request: 60 were made for 60 connections that requests used, which took 5.0 ms each to"
        " open, and at most 188 of these were open at once"
    )
    assert found.first == MADE_AT


@pytest.mark.parametrize(("made", "name"), [(30, "engine_per_request"), (29, "nobody_waited")])
def test_it_is_an_engine_for_each_from_the_half_on(made: int, name: str) -> None:
    assert code(counted(60, made=made, handed_out=60, opened=60)) == name


def test_an_engine_that_is_made_and_never_used_is_one_for_each_as_well() -> None:
    assert code(counted(made=60)) == "engine_per_request"
    assert code(counted(made=4), requests=4) == "nobody_waited"


def test_engines_that_are_made_once_at_the_first_requests_are_none_for_each() -> None:
    assert code(counted(16, made=16, handed_out=100, opened=16)) == "nobody_waited"


def test_an_engine_that_is_disposed_of_is_named_where_that_is_done() -> None:
    found = told(check_pool(seen(counted(60, disposes=DISPOSED_AT, disposed=30, handed_out=60, opened=60))))
    assert found.summary.startswith("A connection for each request, as its engine is disposed of 30 times: 60 were")
    assert found.first == DISPOSED_AT
    assert code(counted(60, disposes=DISPOSED_AT, disposed=29, handed_out=60, opened=60)) == "nobody_waited"


def test_what_requests_keep_from_their_pool_is_named_where_they_do_that() -> None:
    def found(discarded: int, forgotten: int = 0) -> tuple[str, str]:
        kept_back = counted(handed_out=60, opened=60, keeps=20, discarded=discarded, forgotten=forgotten, discards=LEFT)
        finding = one(check_pool(seen(kept_back)))
        return finding.code, str(finding.place)

    assert found(30) == ("connection_discarded", LEFT)
    assert found(29) == ("connection_per_request", MADE_AT)
    assert found(60, forgotten=30) == ("connection_forgotten", LEFT)
    assert found(60, forgotten=29) == ("connection_discarded", LEFT)


def test_a_pool_that_is_smaller_than_what_is_open_at_once_opens_and_closes_the_others() -> None:
    beyond = counted(12, handed_out=60, opened=60, keeps=5)
    assert code(beyond) == "connections_beyond_pool"
    assert code(counted(5, handed_out=60, opened=60, keeps=5)) == "connection_per_request"
    told_of = told(check_pool(seen(beyond))).summary
    assert told_of.startswith(
        "A connection for each request beyond those that the pool keeps, which are 5, while up to"
    )


def test_a_pool_that_renews_its_connections_at_once_has_a_name_of_its_own() -> None:
    def renewed(after_s: float, keeps: int = 20) -> str:
        return code(counted(handed_out=60, opened=60, keeps=keeps, renewed_after_s=after_s))

    assert renewed(0) == "connection_renewed"
    assert renewed(-1) == "connection_per_request"
    assert renewed(0, keeps=0) == "connection_per_request"


@pytest.mark.parametrize(("opened", "name"), [(59, "nobody_waited"), (60, "connection_renewed")])
def test_what_is_renewed_after_a_while_is_none_for_each_however_few_requests_come(opened: int, name: str) -> None:
    """Of ten connections each is renewed once a second, and the looks at them are three apart."""
    trial = seen(counted(10, handed_out=60, opened=opened, keeps=20, renewed_after_s=1))
    before = replace(trial.samples[0], value=10, t_ns=trial.samples[-1].t_ns - 3_000_000_000)
    assert one(check_pool(replace(trial, samples=(before, *trial.samples[1:])))).code == name


def test_what_a_pool_is_is_no_count_of_what_came_since() -> None:
    """The look before the window tells the same of it."""
    trial = seen(counted(20, handed_out=65, opened=80, keeps=20, renewed_after_s=0))
    before = counted(20, handed_out=5, opened=20, keeps=20, renewed_after_s=0)
    at_first = replace(before, t_ns=trial.samples[0].t_ns)
    assert one(check_pool(replace(trial, samples=(at_first, *trial.samples[1:])))).code == "connection_renewed"


def test_connections_past_any_pool_have_a_name_of_their_own() -> None:
    past = counted(1, kind="driver", handed_out=60, opened=60, opening_s=0.3)
    found = told(check_pool(seen(past)))
    assert found.summary.startswith("A connection for each request, past any pool: 60 were opened by requests, which")
    assert code(counted(60, kind="driver", handed_out=60, opened=60)) == "nobody_waited"  # a driver's own pool


def test_each_line_counts_by_itself_and_of_several_that_which_most_requests_use_is_named() -> None:
    pooled = counted(20, call_site="main.py:3 start", handed_out=600, opened=0)
    rare = counted(call_site="a.py:1 rare", handed_out=20, opened=20)
    often = counted(call_site="b.py:2 often", handed_out=30, opened=30)
    assert told(check_pool(seen(pooled, rare, often))).first == "b.py:2 often"
    assert code(pooled) == "nobody_waited"


def test_few_looks_are_enough_to_count() -> None:
    trial = seen(counted(handed_out=60, opened=60))
    few = replace(trial, samples=(*trial.samples[:3], trial.samples[-1]))
    assert one(check_pool(few)).code == "connection_per_request"
    assert one(check_pool(replace(few, samples=few.samples[:3]))).verdict is Verdict.UNDECIDED


def test_what_never_was_opened_took_no_time() -> None:
    assert values(one(check_pool(seen(counted(made=60)))))["each"] == 0
