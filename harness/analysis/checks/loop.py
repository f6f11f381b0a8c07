"""Does something in the application hold the event loop up, and which line of it?"""

from __future__ import annotations

from collections import Counter, defaultdict

from harness.model.evidence import Evidence
from harness.model.findings import Finding
from harness.model.outcome import Verdict

MOST_OF_TIME = 0.01  # of the window that may be spent in stalls of one and the same function


def check_loop(evidence: Evidence) -> Finding:
    """Add up the stalls by call_site, and fail where one function takes more than a little of the time."""
    window = evidence.window
    heard = [sample for sample in evidence.samples if sample.probe == "loop"]
    core_wait_s = sum(sample.value for sample in heard if sample.metric == "core_wait_s")
    collected_s = [sample.value for sample in heard if sample.metric == "collection_s"]
    lags = [sample.value for sample in heard if sample.metric == "lag_max_s"]
    if window is None or not lags:
        return Finding(
            check="loop",
            verdict=Verdict.UNDECIDED,
            summary="The loop was not watched",
            count=1,
            trial=evidence.trial.id,
        )
    stalled_s: dict[str, float] = defaultdict(float)
    lines: dict[str, Counter[str]] = {}
    guesses = 0
    for stall in heard:
        if stall.metric == "stall_s":
            line, _, function = stall.labels["call_site"].partition(" ")
            stalled_s[function] += stall.value
            lines.setdefault(function, Counter())[line] += 1
            guesses += stall.labels.get("length") == "guess"
    window_s = (window.end_ns - window.start_ns) / 1e9
    function, worst_s = max(stalled_s.items(), key=lambda item: item[1], default=("", 0.0))
    stalls = sum(sum(counts.values()) for counts in lines.values())
    blocked = worst_s > MOST_OF_TIME * window_s
    call_site = f"{lines[function].most_common(1)[0][0]} {function}" if function else ""
    share = f", {worst_s / sum(stalled_s.values()):.0%} of it at {call_site}" if function else ""
    guessed = f" ({guesses} of the lengths not known within a tenth)" if guesses else ""
    return Finding(
        check="loop",
        verdict=Verdict.FAIL if blocked else Verdict.PASS,
        summary="The event loop is held up" if blocked else "Nothing holds the event loop up",
        measured=f"{stalls} stalls, {sum(stalled_s.values()):.2f} s{guessed}{share}; "
        f"at most {1e3 * max(lags):.0f} ms late; {core_wait_s:.2f} s without a core; "
        f"{len(collected_s)} full garbage collections, {sum(collected_s):.2f} s",
        limit=f"{MOST_OF_TIME:.0%} of {window_s:.1f} s",
        count=sum(lines[function].values()) if blocked else 0,
        first=call_site if blocked else "",
        trial=evidence.trial.id,
    )
