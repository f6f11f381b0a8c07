"""The sections of a report by name: figures, tables, and those that have a template of their own.

Each is made of the summary; one that has nothing to show is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from harness.model.summary import Summary
from harness.model.verdict import Verdict
from harness.report import tables
from harness.report.claims import cards
from harness.report.figures.cut_map import draw_cut_map
from harness.report.figures.decomposition import draw_decomposition
from harness.report.figures.distributions import draw_distributions
from harness.report.figures.eager_loading import draw_eager_loading
from harness.report.figures.levels import draw_garbage, draw_latency, draw_throughput
from harness.report.figures.parts import draw_cpu, draw_phases
from harness.report.figures.probe_overhead import draw_probe_overhead
from harness.report.figures.ratios import draw_processor, draw_ratios
from harness.report.figures.recovery import draw_recovery
from harness.report.figures.timelines import draw_timelines
from harness.report.panel import FigureOf
from harness.report.sentences.cases import case_text
from harness.report.sentences.findings import finding_text

FIGURES: Mapping[str, Callable[[Summary], FigureOf | None]] = {
    "cut_map": draw_cut_map,
    "recovery": draw_recovery,
    "eager_loading": draw_eager_loading,
    "ratios": draw_ratios,
    "processor": draw_processor,
    "decomposition": draw_decomposition,
    "throughput": draw_throughput,
    "latency": draw_latency,
    "distributions": draw_distributions,
    "phases": draw_phases,
    "garbage": draw_garbage,
    "timelines": draw_timelines,
    "probe_overhead": draw_probe_overhead,
    "cpu": draw_cpu,
}
TABLES: Mapping[str, Callable[[Summary], FigureOf | None]] = {
    "faults": tables.faults,
    "round_trips": tables.round_trips,
    "added_latency": tables.added_latency,
    "proxy_cost": tables.proxy_cost,
    "time_use": tables.time_use,
}


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section to be drawn: its template, and what that is filled with."""

    name: str
    template: str
    content: object


def sections(summary: Summary) -> Iterator[Section]:
    """Make the sections that a summary names, in their order.

    Raises:
        KeyError: There is no section of that name.
    """
    for name in summary.sections:
        draw = FIGURES.get(name) or TABLES.get(name) or OWN[name]
        template = "figure" if name in FIGURES else "table" if name in TABLES else name
        if content := draw(summary):
            yield Section(name=name, template=f"sections/{template}.html.j2", content=content)


def _controls(summary: Summary) -> Mapping[str, object]:
    """Every check against every control, and one offence of each flaw."""
    if not summary.controls:
        return {}
    return {
        "checks": list(dict.fromkeys(check for row in summary.controls for check in row.verdicts)),
        "rows": summary.controls,
        "offences": [(row.target, case_text(row.offence)) for row in summary.controls if row.offence],
    }


def _framework_overhead(summary: Summary) -> Mapping[str, object]:
    """What was found of each target beside the bare application of its kind."""
    found = [finding_text(one) for one in summary.findings if one.check == "framework_overhead"]
    return {"findings": found, "table": tables.overheads(summary)}


def _settings(summary: Summary) -> Mapping[str, object]:
    """Settings that differ between targets, and those that do not."""
    return {
        "differing": [setting for setting in summary.settings if not tables.alike(setting)],
        "alike": [setting for setting in summary.settings if tables.alike(setting)],
        "columns": tables.set_alike(summary.plan.targets, summary.settings),
    }


def _findings(summary: Summary) -> Mapping[str, object]:
    """All that the checks found, folded by check and one by one."""
    return {
        "tally": tables.tally(summary.findings),
        "checks": tables.by_check(summary.findings),
        "listed": tables.listed(summary.findings),
        "total": len(summary.findings),
    }


OWN: Mapping[str, Callable[[Summary], object]] = {
    "claims": cards,
    "controls": _controls,
    "framework_overhead": _framework_overhead,
    "settings": _settings,
    "findings": _findings,
    "environment": lambda summary: summary,  # on what it was measured, and how to measure it again
}
SIGNS = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.UNDECIDED: "?"}
