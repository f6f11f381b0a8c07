"""The report: everything drawn and told, in one file that needs nothing else."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from harness.findings import Finding, Setting, Summary, merge
from harness.model import Verdict
from harness.report.canvas import Table
from harness.report.figures.cpu import draw_cpu
from harness.report.figures.distributions import draw_distributions
from harness.report.figures.levels import draw_latency, draw_throughput
from harness.report.figures.ratios import draw_ratios
from harness.report.figures.timelines import draw_timelines
from harness.report.sentences import answers, headline
from harness.report.words import number

DRAWN = (draw_ratios, draw_throughput, draw_latency, draw_distributions, draw_timelines, draw_cpu)
SIGNS = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.UNDECIDED: "?"}


@dataclass(frozen=True, kw_only=True)
class CheckRow:
    """All findings of one check, folded."""

    check: str
    verdict: Verdict
    counts: dict[Verdict, int]
    worst: Finding


def write_report(summary: Summary, folder: Path) -> Path:
    """Write ``report.html`` into ``folder``, whole or not at all, and return its path."""
    page = render(summary)
    path = folder / "report.html"
    with tempfile.NamedTemporaryFile("w", dir=folder, prefix=".report-", delete=False, encoding="utf-8") as file:
        file.write(page)
    Path(file.name).chmod(0o644)
    return Path(file.name).replace(path)


def render(summary: Summary) -> str:
    """Return the report as HTML."""
    environment = Environment(
        loader=PackageLoader("harness.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("report.html.j2")
    return template.render(
        summary=summary,
        css=(Path(__file__).parent / "report.css").read_text(encoding="utf-8"),
        headline=headline(summary),
        answers=answers(summary),
        figures=[figure for draw in DRAWN if (figure := draw(summary)) is not None],
        wire=_wire(summary),
        distances=_distances(summary),
        tuning=next((finding for finding in summary.findings if finding.check == "tuning"), None),
        differing=[setting for setting in summary.settings if not _alike(setting)],
        alike=[setting for setting in summary.settings if _alike(setting)],
        checks=_checks(summary.findings),
        notable=[finding for finding in summary.findings if finding.verdict is not Verdict.PASS],
        signs=SIGNS,
        duration=f"{summary.duration_s / 60:.1f} min",
        again=_again(summary),
    )


def _alike(setting: Setting) -> bool:
    return len(set(setting.values.values())) == 1


def _wire(summary: Summary) -> Table:
    """Round trips, statements and bytes a request, the targets side by side."""
    targets = summary.plan.targets
    counts = {(count.operation, count.target): count for count in summary.analysis.wire}
    operations = list(dict.fromkeys(count.operation for count in summary.analysis.wire))
    columns = ["operation"]
    for quantity in ("round trips", "statements", "bytes up", "bytes down"):
        columns += [f"{quantity}, {target}" for target in targets]
    rows = []
    for operation in operations:
        row = [operation]
        for field in ("round_trips", "statements", "bytes_up", "bytes_down"):
            row += [
                number(getattr(counts[operation, target], field)) if (operation, target) in counts else "–"
                for target in targets
            ]
        rows.append(tuple(row))
    return Table(columns=tuple(columns), rows=tuple(rows))


def _distances(summary: Summary) -> Table:
    """Added time per round trip as measured, against what was to be added."""
    rows = tuple(
        (cell.scenario, cell.target, f"{cell.level_ms} ms", f"{number(cell.added_round_trip_ms)} ms")
        for cell in sorted(summary.analysis.cells, key=lambda c: (c.level_ms, c.scenario, c.target))
        if cell.added_round_trip_ms is not None and cell.level_ms
    )
    return Table(columns=("scenario", "target", "planned", "measured, median"), rows=rows)


def _checks(findings: Sequence[Finding]) -> list[CheckRow]:
    by_check: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_check[finding.check].append(finding)
    severity = list(Verdict)  # pass, fail, undecided
    rows = []
    for check, found in by_check.items():
        verdict = merge(finding.verdict for finding in found)
        counts = {kind: sum(finding.verdict is kind for finding in found) for kind in severity}
        worst = max((f for f in found if f.verdict is verdict), key=lambda finding: finding.count)
        rows.append(CheckRow(check=check, verdict=verdict, counts=counts, worst=worst))
    return rows


def _again(summary: Summary) -> str:
    """The command that plans the same trials again."""
    plan = summary.plan
    names = " ".join(plan.profile.scenarios)
    targets = " ".join(f"--target {target}" for target in plan.targets)
    levels = " ".join(f"--level {level}" for level in plan.profile.levels_ms)
    return f"twinbench run {names} {targets} {levels} --profile {plan.profile.name} --seed {plan.seed}"
