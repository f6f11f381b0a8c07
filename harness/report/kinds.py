"""The words of each kind of run, partly in ``kinds.toml``: headline, answers, how to repeat it, and its limits."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

from harness.model.summary import Summary
from harness.model.verdict import Verdict
from harness.report.sentences.chaos import chaos_answers, chaos_headline
from harness.report.sentences.claims import claims_answers, claims_headline
from harness.report.sentences.comparison import answers, headline
from harness.report.sentences.eager_loading import loading_answers, loading_headline
from harness.report.sentences.probe_overhead import probes_answers, probes_headline

SAID = {
    Verdict.PASS: "every check passed",
    Verdict.FAIL: "at least one check failed",
    Verdict.UNDECIDED: "at least one check could not be decided",
}
WORDS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
SENTENCES: dict[str, tuple[Callable[[Summary], str], Callable[[Summary], tuple[str, ...]]]] = {
    "comparison": (headline, answers),
    "chaos": (chaos_headline, chaos_answers),
    "eager_loading": (loading_headline, loading_answers),
    "claims": (claims_headline, claims_answers),
    "probe_overhead": (probes_headline, probes_answers),
}


def words_of(summary: Summary) -> dict[str, object]:
    """Return headline, answers, what ended the run, the words before the command, limits and targets.

    A run whose kind has no words of its own gets those of any.
    """
    words = WORDS["any"] | (WORDS[summary.kind] if summary.kind in SENTENCES else {})
    to_headline, to_answers = SENTENCES.get(summary.kind, (_verdict_alone, lambda _: ()))
    plan, profile = summary.plan, summary.plan.profile
    known = {
        "measure_s": profile.measure_s,
        "blocks": profile.blocks,
        "done": "1 block" if plan.blocks == 1 else f"{plan.blocks} blocks",
        "precision": f"{100 * profile.precision:.3g} %",
        "duration": f"{summary.duration_s / 60:.1f} min",
    }
    known["took"] = WORDS["any"]["took"].format_map(known) if summary.duration_s else ""
    known["ended"] = WORDS["ended"].get(summary.ended, "").format_map(known)
    kind = "at_any_time" if plan.sliced else "fixed"
    limits = words.get(f"limits_{kind}", words.get("limits", ()))
    return {
        "headline": to_headline(summary),
        "answers": to_answers(summary),
        "again": " ".join(words["again"].format_map(known).split()),  # as some of it may be empty
        "cut_short": WORDS["interrupted"][kind].format_map(known) if summary.ended == "interrupted" else "",
        "limits": [WORDS["notes"][name] for name in limits],
        "targets": words.get("between_targets", " and ").join(summary.plan.targets or (words["without_targets"],)),
    }


def _verdict_alone(summary: Summary) -> str:
    return f"{' and '.join(summary.plan.targets) or summary.kind}: {SAID[summary.verdict]}."
