"""Single cases in words: a request, a write with what is stored of it, a cut, a place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.model.cut_map import Cut
from harness.model.findings import Case
from harness.model.request_record import Op
from harness.model.write_status import WriteStatus
from harness.report.words import filled, numbers_text, plain

STATUSES = {status.name.lower(): status.value for status in WriteStatus}
CASES: Mapping[str, tuple[str, ...]] = {
    "request_failed": ("{operation} #{id}: {told} after {took:.0f} ms", " {error}"),
    "faster_than_latency": ("{operation} #{id} took {took:.2f} ms",),
    "deadline_outlived": ("{operation} #{id} took {took:.1f} s",),
    "read_sum_differs": ("{operation} #{id} read {said}", ", after {write}"),
    "ledger_sum_differs": ("the ledger has {found:,.0f} {name}, and {expected:,.0f} are right",),
    "operation_not_served": ("no {operation} was served after the heal", "the last of {sent:.0f} is {write}"),
    "operation_hardly_served": (
        "{served:.0f} of the last {sent:.0f} {operation} were served after the heal",
        "the last that was not is {write}",
    ),
    "sessions_left_in_transaction": ("{left:.0f} sessions were left in a transaction",),
    "connections_never_returned": ("{left:.0f} connections were never given back to their pool",),
    "no_write_after_heal": ("no write was done after the heal",),
    "statements_differ": (
        "{target}, load={strategy}, {users:.0f} users with {posts_each:.0f} posts each: {statements:g} statements",
    ),
}


def case_text(case: Case) -> str:
    """Put a case into words: those of its code or, where it has none, whatever it holds."""
    if case.cut:
        return _cut_text(case.code, case.cut)
    if case.code in STATUSES:
        return _write_text(STATUSES[case.code], case.facts.get("key", "unknown"), case.ops, case.rows)
    if case.code in CASES:
        return filled(CASES[case.code], _known(case))
    if case.place:
        return filled((str(case.place), ": {fix} spares it", ", having one from {has}"), case.facts)
    told = "; ".join([*map(_told, case.ops), *([_stored(case.rows)] if case.rows else ())])
    return ": ".join(filter(None, (plain(case.code), numbers_text(case.values), told)))


def _known(case: Case) -> dict[str, object]:
    """Return all that a fragment may name: numbers and facts, the first request, and the write that it ends with."""
    known: dict[str, object] = {name: one.value for name, one in case.values.items()}
    if case.ops:
        op = case.ops[0]
        told = f"{op.outcome} {op.status or ''}".strip()
        known |= {"operation": op.name, "id": op.id, "told": told, "said": op.said}
        known |= {"error": op.error} if op.error else {}
        written = case.ops[1:] if op.said else case.ops
        if "key" in case.facts:
            known["write"] = _write_text(case.facts["status"], case.facts["key"], written, case.rows)
        elif written:
            known["write"] = f"{written[0].name} #{written[0].id}"
    return {**known, **case.facts}


def _write_text(status: str, key: str, sent: Sequence[Op], rows: Mapping[str, int]) -> str:
    """Return what a write asked for, its answer, and what is stored."""
    told = "; ".join(map(_told, sent)) or "sent by nobody"
    asked = f"; asked for {sent[0].asked}" if sent else ""
    return f"{status}: key {key}: {told}, {_stored(rows)}{asked}"


def _told(op: Op) -> str:
    return f"{op.name} #{op.id}, told {op.outcome} {op.status or op.error}".strip()


def _stored(rows: Mapping[str, int]) -> str:
    return f"stored {', '.join(f'{count} in {table}' for table, count in rows.items()) or 'nothing'}"


def _cut_text(code: str, cut: Cut) -> str:
    """Return one cut in full: what was sent, where it was cut, the answer, and what is stored."""
    told = f"{cut.outcome} {cut.status or cut.error}".strip()
    return (
        f"{STATUSES[code]}: {cut.operation} to {cut.target}, key {cut.key}, cut {cut.direction} after"
        f" byte {cut.offset} ({cut.way}, in {cut.message}); told {told}; {_stored(cut.rows)};"
        f" served again after {cut.recovered_after}; asked for {cut.asked}"
    )
