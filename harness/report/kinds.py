"""The words of each kind of run: its headline, its answers, how long it took, and what it can't say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from harness.model.summary import Summary
from harness.report.sentences.chaos import chaos_answers, chaos_headline
from harness.report.sentences.comparison import answers, headline
from harness.report.sentences.eager_loading import loading_answers, loading_headline
from harness.report.sentences.plain import plain_headline
from harness.report.sentences.probe_overhead import probes_answers, probes_headline


@dataclass(frozen=True, kw_only=True)
class Kind:
    """The words of a kind of run. ``again`` stands before the command that repeats it; ``notes`` are its limits."""

    headline: Callable[[Summary], str] = plain_headline
    answers: Callable[[Summary], tuple[str, ...]] = lambda _: ()
    again: str = "It took {duration}. To do the same again:"
    notes: tuple[str, ...] = ()
    between_targets: str = " and "


BETWEEN_BLOCKS = "Intervals cover the spread between blocks of this run, not between machines or days."
SHARED_MACHINE = (
    (
        "They hold for this machine, on which target, database, proxy and load generator share the cores, and for these"
        " libraries and settings."
    ),
    f"{BETWEEN_BLOCKS} About one in twenty misses the truth, so among many comparisons expect a few that do.",
    "A proxy adds a steady delay. A real network also jitters, drops and reorders.",
    "Not significant means that this run could not tell, not that the two are equal.",
)
KINDS: Mapping[str, Kind] = {
    "comparison": Kind(
        headline=headline,
        answers=answers,
        again="{trials} trials of {measure_s} s each after {warmup_s} s of warm-up, in {blocks} blocks with fresh"
        " target processes, in {duration}. To run the same trials again:",
        notes=SHARED_MACHINE,
        between_targets=" against ",
    ),
    "chaos": Kind(
        headline=chaos_headline,
        answers=chaos_answers,
        again="It took {duration}. To cut the same bytes and inject the same faults in the same order again:",
        notes=(
            (
                "A cut at every byte of one warm request says nothing of requests that say something else, nor of two"
                " faults at once."
            ),
            "A fault that was injected once has met the writes that were under way then. Another seed meets others.",
            (
                "What PostgreSQL had made durable was read from a running server on a sound disk: a disk that lies is"
                " another matter."
            ),
        ),
    ),
    "eager_loading": Kind(
        headline=loading_headline,
        answers=loading_answers,
        again="Every page {blocks} times over with fresh target processes, in {duration}. To ask for them again in the"
        " same order:",
        notes=SHARED_MACHINE,
    ),
    "probe_overhead": Kind(
        headline=probes_headline,
        answers=probes_answers,
        again="Every pair in interleaved slices for {measure_s} s by each kind of request, {blocks} times over, and"
        " those with all the probes more often, in {duration}. Each time has fresh target processes, and is a block of"
        " its pair; the table above counts them. To take the same slices in the same order again:",
        notes=(
            (
                "They hold for this machine, and for targets that have a core to themselves and are idle every other"
                " slice. A target whose core others want as well may pay more."
            ),
            (
                "What a probe does so many times a second, whatever the load, is told too dear: each target serves for"
                " half of each second only."
            ),
            BETWEEN_BLOCKS,
        ),
    ),
}


def kind_of(summary: Summary) -> Kind:
    """Return the words of a run's kind; those of any run if it has none of its own."""
    return KINDS.get(summary.kind, Kind())


def again_text(summary: Summary) -> str:
    """Say how much was run and how long it took, before the command that repeats it."""
    profile = summary.plan.profile
    return kind_of(summary).again.format(
        trials=summary.trials_done,
        measure_s=profile.measure_s,
        warmup_s=profile.warmup_s,
        blocks=profile.blocks,
        duration=f"{summary.duration_s / 60:.1f} min",
    )
