"""The report: everything drawn and told, in one file that needs nothing else."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from harness.model.outcome import Verdict
from harness.model.summary import Summary
from harness.report import tables
from harness.report.figures.cpu import draw_cpu
from harness.report.figures.cut_map import draw_cut_map
from harness.report.figures.distributions import draw_distributions
from harness.report.figures.eager_loading import draw_eager_loading
from harness.report.figures.latency import draw_latency
from harness.report.figures.phases import draw_phases
from harness.report.figures.probe_overhead import draw_probe_overhead
from harness.report.figures.ratios import draw_ratios
from harness.report.figures.recovery import draw_recovery
from harness.report.figures.throughput import draw_throughput
from harness.report.figures.timelines import draw_timelines
from harness.report.sentences.chaos import chaos_answers, chaos_headline
from harness.report.sentences.comparison import answers, headline
from harness.report.sentences.eager_loading import loading_answers, loading_headline
from harness.report.sentences.probe_overhead import probes_answers, probes_headline

FIGURES = {
    "chaos": (draw_cut_map, draw_recovery),
    "eager_loading": (draw_eager_loading,),
    "probe_overhead": (draw_probe_overhead,),
    "comparison": (
        *(draw_ratios, draw_throughput, draw_latency, draw_distributions, draw_phases),
        *(draw_timelines, draw_probe_overhead, draw_cpu),
    ),
}
HEADLINES = {
    "chaos": chaos_headline,
    "eager_loading": loading_headline,
    "probe_overhead": probes_headline,
    "comparison": headline,
}
ANSWERS = {
    "chaos": chaos_answers,
    "eager_loading": loading_answers,
    "probe_overhead": probes_answers,
    "comparison": answers,
}
SIGNS = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.UNDECIDED: "?"}


def write_report(summary: Summary, folder: Path) -> Path:
    """Write ``report.html`` into ``folder``, whole or not at all, and return its path.

    Raises:
        OSError: The folder is missing or can't be written; an earlier report in it is left as it was.
    """
    page = render(summary)
    path = folder / "report.html"
    handle, name = tempfile.mkstemp(dir=folder, prefix=".report-")
    written = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(page)
        written.chmod(0o644)
        written.replace(path)
    except BaseException:
        written.unlink(missing_ok=True)
        raise
    return path


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
    figures = [figure for draw in FIGURES[summary.kind] if (figure := draw(summary)) is not None]
    return template.render(
        summary=summary,
        css=(Path(__file__).parent / "report.css").read_text(encoding="utf-8"),
        headline=HEADLINES[summary.kind](summary),
        answers=ANSWERS[summary.kind](summary),
        faults=tables.faults(summary),
        controls={"checks": list(dict.fromkeys(check for row in summary.controls for check in row.verdicts))},
        figures={figure.id: figure for figure in figures},
        wire=tables.wire(summary),
        distances=tables.distances(summary),
        tuning=[finding for finding in summary.findings if finding.check == "tuning"],
        overheads=tables.overheads(summary),
        differing=[setting for setting in summary.settings if not tables.alike(setting)],
        columns=tables.set_alike(summary.plan.targets, summary.settings),
        alike=[setting for setting in summary.settings if tables.alike(setting)],
        tally=tables.tally(summary.findings),
        checks=tables.by_check(summary.findings),
        notable=[finding for finding in summary.findings if finding.verdict is not Verdict.PASS],
        listed=tables.listed(summary.findings),
        signs=SIGNS,
        duration=f"{summary.duration_s / 60:.1f} min",
    )
