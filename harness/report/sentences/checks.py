"""What each check's codes mean, and how its numbers are told. Fragments name numbers, facts and the place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from harness.model.findings import Finding
from harness.model.outcome import Verdict
from harness.model.write_status import WriteStatus


@dataclass(frozen=True, kw_only=True)
class Words:
    """How findings of a check are told: a sentence by code, and fragments of what was measured and of the limit."""

    summaries: Mapping[str, str] = field(default_factory=dict)
    measured: tuple[str, ...] = ()
    limit: tuple[str, ...] = ()
    measured_text: Callable[[Finding], str] | None = None  # where the names of what was measured are not known before


def _by_route(finding: Finding) -> str:
    """Tell the statements of a request to each route, and how many more come of a row."""
    values = finding.values.items()
    routes = [f"{name}: {one.value:.1f}" for name, one in values if one.unit == "statements a request"]
    rise = f"; {finding.values['rise'].value:.2f} more a row" if "rise" in finding.values else ""
    return f"statements a request: {', '.join(routes) or 'none'}{rise}"


def _by_check(finding: Finding) -> str:
    """Tell what every check said of a control."""
    return ", ".join(f"{check} {said}" for check, said in finding.facts.items() if said in set(Verdict))


_STATUSES = tuple(f", {{{status.name.lower()}:,.0f}} {status.value}" for status in WriteStatus)
_OFFENCES = ("partial", "lost", "ghost", "duplicate", "phantom")
OF_ANY_CHECK = {
    "crashed": "The check crashed: {error}",
    "interrupted": "The trial was interrupted",
    "ledger_not_read": "The ledger was not read",
    "nothing_cut": "Nothing was cut",
    "nothing_looked_into": "No request was looked into",
}
CHECKS: Mapping[str, Words] = {
    "completeness": Words(
        summaries={
            "record_has_holes": "The record has holes",
            "nothing_in_window": "No request came to its end in the measured window",
            "complete": "Every request is on record",
        },
        measured=("{recorded:.0f} requests on record",),
        limit=("{sent:.0f} sent",),
    ),
    "duplicate_requests": Words(
        summaries={
            "requests_not_counted": "The target's own count of requests is missing",
            "requests_duplicated": "More requests reached the application than clients sent: hidden re-sends",
            "requests_never_arrived": "Answered requests that never reached the application",
            "served_once": "Each request reached the application once",
        },
        measured=("{served:.0f} served",),
        limit=("{sent:.0f} sent",),
    ),
    "success_rate": Words(
        summaries={
            "requests_failed": "Requests were not answered with success",
            "operations_never_succeeded": "{operations} never succeeded",
            "all_succeeded": "Every request was answered with success",
        },
        measured=("{failed:.0f} of {requests:.0f} not ok",),
        limit=("{limit:.0f}",),
    ),
    "added_latency": Words(
        summaries={
            "nothing_between": "Nothing stood between target and PostgreSQL",
            "too_few_round_trips": "Fewer than {least:.0f} round trips were timed",
            "latency_unproven": "Nothing proves that the latency was in force",
            "faster_than_latency": "Requests were faster than the added latency allows",
            "latency_off": "The added latency was not what it was to be",
            "as_planned": "The added latency was as planned",
        },
        measured=("{added:.2f} ms added per round trip",),
        limit=("{planned:.0f} ± {tolerance:.2f} ms",),
    ),
    "confirmed": Words(
        summaries={
            "no_fault": "No fault was injected",
            "unproven": "Nothing proves that the fault took effect",
            "no_write_in_transaction": "No write was in its transaction when the fault came",
            "confirmed": "The fault took effect",
        },
        measured=("{proof}", "{in_transaction:.0f} in transaction"),
    ),
    "writes": Words(
        summaries={
            **dict.fromkeys(_OFFENCES, "Writes are {statuses}"),
            "operations_never_succeeded": "{operations} never succeeded",
            "no_write_key": "Rows carry no key of the write that made them",
            "no_write": "No write ever succeeded",
            "whole": "Every write is whole and as its client was told",
        },
        measured=("{writes:,.0f} writes", *_STATUSES),
        limit=("{limit:.0f} offences",),
    ),
    "invariants": Words(
        summaries={
            "sums_differ": "Sums do not hold",
            "sum_never_read": "No client ever read the sum",
            "sums_held": "Every sum held, in every read",
        },
        measured=("{sums:.0f} sums in the ledger, and one of them in {reads:.0f} reads",),
    ),
    "deadline": Words(
        summaries={
            "no_requests": "No request is on record",
            "deadline_outlived": "Requests outlived their deadline",
            "within_deadline": "Every request ended within its deadline",
        },
        measured=("at most {longest:.2f} s",),
        limit=("{limit:.0f} s",),
    ),
    "recovery": Words(
        summaries={
            "no_fault_healed": "No fault was healed",
            "leftovers_not_counted": "What was left over was not counted",
            "not_recovered": "The target did not recover",
            "recovered": "The target recovered",
            "not_served_again": "After a cut the target did not serve again",
            "served_again": "After every cut the target served again",
        },
        measured=(
            "a write was done {recovered_after:.2f} s after the heal",
            "{at_once:,.0f} of {cuts:,.0f} at the next request, {at_second:,.0f} at the one after",
        ),
        limit=("{limit:.0f} requests",),
    ),
    "loop": Words(
        summaries={
            "not_watched": "The loop was not watched",
            "held_up": "The event loop is held up",
            "free": "Nothing holds the event loop up",
        },
        measured=(
            "{stalls:.0f} stalls, {stalled:.2f} s",
            " ({guesses:.0f} of the lengths not known within a tenth)",
            ", {worst:.0%} of it at {place}",
            "at most {lag:.0f} ms late",
            "{core_wait:.2f} s without a core",
            "{collections:.0f} full garbage collections, {collected:.2f} s",
        ),
        limit=("{limit:.0%} of {window:.1f} s",),
    ),
    "n_plus_one": Words(
        summaries={
            "probe_failed": "The probe failed: {error}",
            "statement_per_row": "{route} sends a statement once a row",
            "rows_never_vary": "{route} repeats a statement, and always returns as many rows",
            "no_rise": "No route sends more statements for more rows",
        },
        measured_text=_by_route,
        limit=("{limit:g} more a row",),
    ),
    "requests": Words(
        summaries={
            "handed_on": "{handed_on:.0f} of {requests:.0f} requests were handed to another task",
            "served_in_one_task": "Requests are served by the task that they come in",
        },
        measured=(
            "median {took:.2f} ms",
            " after {queued:.2f} ms in the queue",
            (
                "python {python:.0%}, thread {thread:.0%}, connection {connection:.0%}, database {database:.0%},"
                " elsewhere {elsewhere:.0%}"
            ),
            "median answer {answer:.0f} bytes",
            "at most {at_once:.0f} at once",
        ),
        limit=("{limit:.0%} of all requests",),
    ),
    "pool": Words(
        summaries={
            "pool_not_watched": "The pool was not looked at",
            "sessions_not_watched": "PostgreSQL was not asked of its sessions",
            "connections_leak": "Connections leak: {leaked:.0f} of {pool:.0f} are held for requests that are over",
            "threads_and_connections_deadlocked": "Threads and connections wait for each other: {threads:.0f} threads"
            " for {pool:.0f} connections; let no more threads than connections run, or wait for connections outside of"
            " threads",
            "too_few_threads": "Too few threads: {threads:.0f}, while {need:.0f} requests could have gone on",
            "transactions_idle": "Transactions idle: of {in_use:.1f} connections in use, {long_idle:.1f} asked nothing"
            " for long",
            "database_slow": "The database is slow: of {in_use:.1f} connections in use, {active:.1f} waited for a"
            " statement, {long_active:.1f} long",
            "pool_too_small": "The pool is too small: {pool:.0f} connections, while {need:.0f} requests wanted one",
            "nobody_waited": "Hardly any request waited for a connection or a thread",
        },
        measured=(
            "somebody waited at {short:.0f} of {looks:.0f} looks",
            "{timed_out:.0f} waits timed out",
            "{open:.0f} connections, {youngest:.3f} to {oldest:.3f} s old, {opened:.0f} opened and {closed:.0f} closed",
        ),
        limit=("{limit:.0%} of all looks",),
    ),
    "cut_map": Words(
        summaries={
            **dict.fromkeys(_OFFENCES, "Writes cut in the middle are {statuses}"),
            "bytes_never_cut_at": "{missing:.0f} bytes were never cut at, the first at {first_byte:.0f}",
            "cuts_without_effect": "{idle:.0f} cuts did not take effect, the first at byte {first_byte:.0f}",
            "whole": "Cut at every byte, every write is whole and as its client was told",
        },
        measured=("{cuts:,.0f} cuts", *_STATUSES),
        limit=("{limit:.0f} offences",),
    ),
    "eager_loading": Words(
        summaries={
            "statements_not_counted": "PostgreSQL did not count the statements",
            "statements_differ": "Pages send more or fewer statements than promised",
            "control_not_seen": "One statement a user was not seen",
            "as_promised": "Pages send as many statements as their strategies promise",
        },
        measured=("{readings:.0f} readings of {strategies:.0f} strategies",),
        limit=(
            (
                "1 statement for the users, and for their posts: raise {raise:.0f}, joined {joined:.0f},"
                " selectin {selectin:.0f}, lazy 1 a user"
            ),
        ),
    ),
    "framework_overhead": Words(
        summaries={
            "not_compared": "{target} was not held against {reference} in two blocks",
            "mistuned": "{target} is mistuned: no other figure of it means much",
            "near_reference": "{target} is near to a bare application, or at most {possible_loss:.0%} slower",
        },
        measured=(
            "{scenario}: {kept:.2f} ({kept_low:.2f} to {kept_high:.2f}) of the throughput of {reference}",
            ", {processor:.2f} ({processor_low:.2f} to {processor_high:.2f}) of its processor time a request",
        ),
        limit=("at least {least_kept:.2f} of the throughput, at most {most_processor:.2f} of the time",),
    ),
    "probe_overhead": Words(
        summaries={
            "probes_cost_little": "The probes cost next to nothing",
            "probes_cost_much": "The probes change what they look at",
            "too_few_blocks": "This many blocks can't tell what the probes cost",
        },
        measured=(
            "{scenario} at {added:.0f} ms: {probed} has {share:.3f}",
            " ({share_low:.3f} to {share_high:.3f} in {blocks:.0f} blocks)",
            " of the throughput of {plain}",
        ),
        limit=("at least {limit:g}",),
    ),
    "controls": Words(
        summaries={
            "not_tried": "It was not tried",
            "not_caught": "It was not caught by {checks}",
            "place_not_named": "It was caught, and {function} was not named",
            "failed_besides": "It failed {checks}, which is not known of it",
            "caught": "It was caught by {checks}",
            "not_accused": "No check failed it",
        },
        measured_text=_by_check,
    ),
    "plan": Words(
        summaries={"left_out": "{reason}", "run_incomplete": "The run did not come to its end"},
        measured=("{done:.0f} trials",),
        limit=("{planned:.0f} planned",),
    ),
}
