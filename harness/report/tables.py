"""Tables that stand on their own: round trips, faults, the added latency, settings, and findings by check."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from harness.model.findings import Finding
from harness.model.measures import HeldUp
from harness.model.summary import Setting, Summary
from harness.model.verdict import Verdict, merge
from harness.report.panel import FigureOf, Table
from harness.report.sentences.findings import FindingText, finding_text
from harness.report.words import UNKNOWN, count, interval, number, ratio

GRAVITY = (Verdict.FAIL, Verdict.UNDECIDED, Verdict.PASS)
SAID = {Verdict.FAIL: "failed", Verdict.UNDECIDED: "could not be decided"}
# Passes beyond this many stay in summary.json, so that the page stays light.
MOST_LISTED = 1500


@dataclass(frozen=True, kw_only=True)
class CheckRow:
    """All findings of one check, folded."""

    check: str
    verdict: Verdict
    counts: dict[Verdict, int]
    worst: FindingText


def round_trips(summary: Summary) -> FigureOf:
    """Round trips, statements and bytes a request, the targets one under another."""
    targets = summary.plan.targets
    counts = [one for one in summary.measures.wire if one.target in targets]
    operations = [one.operation for one in counts]
    counts.sort(key=lambda one: (operations.index(one.operation), targets.index(one.target)))
    return FigureOf(
        title="How often does one request go to the database?",
        note="Means per request, counted on the wire for a single client on a warm connection, before any timing;"
        " statements by PostgreSQL itself. Added latency is paid once a round trip.",
        table=Table(
            columns=("operation", "target", "round trips", "statements", "bytes to database", "bytes from database"),
            rows=tuple(
                (
                    *(one.operation, one.target, count(one.round_trips)),
                    *(count(one.statements), count(one.bytes_up), count(one.bytes_down)),
                )
                for one in counts
            ),
        ),
    )


def faults(summary: Summary) -> FigureOf:
    """Every fault as it was observed."""
    return FigureOf(
        title="Which faults were injected, and did each take effect?",
        note='One row a trial. The proof was taken while the fault was in force; "in transaction" counts writes that'
        " were in the middle of theirs when it came. Errors, by status, and the longest request are from its"
        " injection to the end of the trial.",
        table=Table(
            columns=(
                *("fault", "target", "how much", "in transaction", "in force, s", "served again after, s"),
                *("errors", "longest request, s", "proof"),
            ),
            rows=tuple(
                (
                    *(row.kind, row.target, row.detail, str(row.in_transaction), f"{row.end_s - row.start_s:.2f}"),
                    "never" if row.recovered_s is None else f"{row.recovered_s:.2f}",
                    ", ".join(f"{kind}: {count}" for kind, count in sorted(row.errors.items())) or "none",
                    "none" if row.longest_s is None else f"{row.longest_s:.2f}",
                    row.proof or "none",
                )
                for row in summary.faults
            ),
            text=("how much", "errors", "proof"),
        ),
    )


def overheads(summary: Summary) -> Table:
    """Each target beside the bare application of its kind."""
    return Table(
        columns=("target", "requests/s", "bare, requests/s", "target/bare (95 %)", "processor time (95 %)"),
        rows=tuple(
            (
                *(one.target, number(one.throughput_rps.value), number(one.reference_rps.value)),
                *(ratio(one.kept), ratio(one.processor)),
            )
            for one in summary.measures.framework_overheads
        ),
    )


def time_use(summary: Summary) -> FigureOf | None:
    """How long a run had a target under load, how much of it counts, and what was held up; None without slices."""
    used = summary.measures.time_use
    if used is None:
        return None
    held = summary.measures.held_up
    parts = (("first slice to last", used.whole_s), ("under load", used.loaded_s), ("counted", used.counted_s))
    return FigureOf(
        title="How much of the run was measured?",
        note="From the start of the first slice to the end of the last, starts of new target processes included. In a"
        " slice one target has all of the load; where it begins without a request and ends with its last answer, its"
        " edges do not count. A slice that took far longer than usual was held up. It is left out of the throughput if"
        " that was the machine, which holds up about as many of each target.",
        table=Table(
            columns=("of", "s", "share", "slices"),
            rows=(
                *((what, number(s), f"{s / used.whole_s:.0%}", f"{used.slices:,}") for what, s in parts),
                *((_where(one), UNKNOWN, UNKNOWN, _held_up(one)) for one in held),
            ),
            text=("of", "slices"),
        ),
    )


def _where(one: HeldUp) -> str:
    done = "held up and left out" if one.left_out else "held up by a target itself, and counted"
    return f"{one.scenario} at {one.added_ms} ms: {done}"


def _held_up(one: HeldUp) -> str:
    return f"{one.of_first} of {one.first} and {one.of_second} of {one.second}, of {one.slices_each} each"


def added_latency(summary: Summary) -> FigureOf:
    """Added time per round trip as measured, against what was to be added, the targets side by side."""
    measured = {
        (cell.added_ms, cell.scenario, cell.target): cell.added_round_trip_ms
        for cell in summary.measures.cells
        if cell.added_round_trip_ms is not None and cell.added_ms
    }
    targets = summary.plan.targets
    rows = tuple(
        (f"{added_ms} ms", scenario, *(number(measured.get((added_ms, scenario, target))) for target in targets))
        for added_ms, scenario in sorted({place[:2] for place in measured})
    )
    return FigureOf(
        title="Was the added latency what was planned?",
        note="Added time per round trip on the target's own proxy while load ran, less that of a clean proxy. Medians"
        " over all trials, in milliseconds.",
        table=Table(columns=("planned", "scenario", *(f"{target}, ms" for target in targets)), rows=rows),
    )


def proxy_cost(summary: Summary) -> FigureOf:
    """What the proxy adds to a round trip, and what it takes of throughput, while it injects nothing."""
    together = "They hold together, whenever the run is looked at. " if summary.plan.sliced else ""
    return FigureOf(
        title="What does the proxy cost?",
        note="Each target beside the same without the proxy, with no latency added, with 95 % intervals. Ratios are"
        " target/direct, of throughput and of the target's own processor time a request; the proxy's is not in it."
        f" {together}Added time is the median round trip through a proxy that injects nothing less that by a direct"
        " connection, timed while the target's trials without added latency ran: a mean over blocks, with an ordinary"
        " interval.",
        table=Table(
            columns=(
                *("target", "beside", "scenario", "added time per round trip, ms"),
                *("throughput, ratio", "processor time, ratio"),
            ),
            rows=tuple(
                (
                    *(one.target, one.direct, one.scenario, interval(one.round_trip_ms)),
                    *(ratio(one.kept), ratio(one.processor)),
                )
                for one in summary.measures.proxy_costs
            ),
        ),
    )


def alike(setting: Setting) -> bool:
    """Whether a setting has one value in all targets."""
    return len(set(setting.values.values())) <= 1


def set_alike(targets: Sequence[str], settings: Sequence[Setting]) -> list[list[str]]:
    """Group targets that have one value in every setting, so that a table has one column for all of them."""
    groups: dict[tuple[str | None, ...], list[str]] = defaultdict(list)
    for target in targets:
        groups[tuple(setting.values.get(target) for setting in settings)].append(target)
    return list(groups.values())


def by_check(findings: Sequence[Finding]) -> list[CheckRow]:
    """Fold findings by check: its verdict, how often it said what, and its worst case; the gravest first."""
    rows = []
    for check in dict.fromkeys(finding.check for finding in findings):
        found = [finding for finding in findings if finding.check == check]
        verdict = merge(finding.verdict for finding in found)
        worst = max((f for f in found if f.verdict is verdict), key=lambda finding: finding.count)
        rows.append(CheckRow(check=check, verdict=verdict, counts=_counts(found), worst=finding_text(worst)))
    return sorted(rows, key=lambda row: GRAVITY.index(row.verdict))


def listed(findings: Sequence[Finding]) -> list[FindingText]:
    """Return the findings to list, the gravest first; without the passes if all are too many."""
    ordered = sorted(findings, key=lambda finding: GRAVITY.index(finding.verdict))
    if len(ordered) > MOST_LISTED:
        ordered = [finding for finding in ordered if finding.verdict is not Verdict.PASS]
    return [finding_text(finding) for finding in ordered]


def tally(findings: Sequence[Finding]) -> str:
    """Say how many findings there are and how many of them passed."""
    if not findings:
        return "Nothing was checked."
    counts = _counts(findings)
    total = f"{len(findings):,} findings" if len(findings) > 1 else "one finding"
    if counts[Verdict.PASS] == len(findings):
        return f"Every check passed on this evidence ({total})."
    parts = [f"{counts[verdict]:,} {said}" for verdict, said in SAID.items() if counts[verdict]]
    return f"Of {total}, {' and '.join(parts)}."


def _counts(findings: Sequence[Finding]) -> dict[Verdict, int]:
    found = Counter(finding.verdict for finding in findings)
    return {verdict: found[verdict] for verdict in Verdict}
