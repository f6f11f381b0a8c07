"""The answer says what the comparisons say, and no more."""

from dataclasses import replace

import pytest

from harness.model.findings import ControlRow, Finding
from harness.model.measures import Comparison, Interval, ProbeOverhead
from harness.model.verdict import Verdict
from harness.report.sentences.chaos import chaos_answers, chaos_headline
from harness.report.sentences.comparison import answers, headline
from harness.report.sentences.eager_loading import loading_answers, loading_headline
from harness.report.sentences.probe_overhead import probes_answers, probes_headline
from tests.report_fixture import SUMMARY, comparison
from tests.report_variants import LOADING, SPARSE

ONLY = " Only four-row writes were compared."


def told(*comparisons: Comparison) -> tuple[str, str]:
    """Headline and answers of a summary that compared just these."""
    summary = replace(SUMMARY, measures=replace(SUMMARY.measures, comparisons=comparisons))
    return headline(summary), " ".join(answers(summary))


def test_one_word_at_every_added_latency() -> None:
    title, text = told(comparison("write", 0, 2.0, "first"), comparison("write", 20, 1.4, "first"))
    assert title == f"At every added latency that was tried, async serves 1.40 to 2.00 × as much as sync.{ONLY}"
    assert "async serves 2.00 (1.90 to 2.10) × as many as sync at 0 ms and 1.40 (1.33 to 1.47) × at 20 ms." in text
    assert "overtakes" not in text


def test_one_added_latency_is_not_every_one() -> None:
    title, _ = told(comparison("write", 5, 2.0, "first"))
    assert title == f"At 5 ms of added latency, async serves 2.00 × as much as sync.{ONLY}"


def test_what_never_asks_the_database_is_not_spoken_for() -> None:
    title, text = told(comparison("ping", 0, 1.9, "first"), comparison("write", 0, 1.1, "not_significant"))
    assert title == f"Where the database is asked, at 0 ms of added latency, the difference is not significant.{ONLY}"
    assert "async serves 1.90" in text


def test_what_is_not_significant_is_called_that_with_what_it_may_be_at_most_or_what_could_have_been_seen() -> None:
    shown = comparison("write", 0, 1.5, "first"), comparison("write", 20, 1.01, "not_significant")
    title, text = told(*shown)
    assert title == f"At 0 ms async serves 1.50 × as much as sync; at 20 ms the difference is not significant.{ONLY}"
    assert "not significant (1.01 (0.96 to 1.06), so at most 6%)." in text
    wide = replace(shown[1], ratio=Interval(value=1.2, low=0.1, high=14.0, blocks=8))
    assert "not significant (1.20 (0.10 to 14.00))." in told(shown[0], wide)[1]  # 1300 % would tell nothing
    slower = replace(shown[1], ratio=Interval(value=0.95, low=0.8, high=1.1, blocks=8))
    assert "so at most 25%)." in told(shown[0], slower)[1]  # 1/0.8
    _, of_fixed = told(*(replace(one, detectable=1.12) for one in shown))
    assert "not significant (1.01 (0.96 to 1.06), with 12% the smallest difference" in of_fixed


def test_the_crossover_is_named_by_who_overtakes() -> None:
    title, text = told(comparison("write", 0, 0.8, "second"), comparison("write", 20, 1.3, "first"))
    assert title == f"At 0 ms sync serves 1.25 × as much as async; at 20 ms async serves 1.30 × as much as sync.{ONLY}"
    assert "Between 0 and 20 ms async overtakes." in text


def test_an_added_latency_that_has_too_few_blocks_is_no_answer_that_depends() -> None:
    title, _ = told(comparison("write", 0, 1.5, "first"), comparison("write", 20, 1.3, "too_few_blocks"))
    assert title == f"At 0 ms async serves 1.50 × as much as sync; at 20 ms there are too few blocks to say.{ONLY}"


def test_waiting_longer_is_not_being_faster() -> None:
    _, text = told(comparison("mixed", 0, 0.8, "second", "p50"), comparison("mixed", 20, 1.2, "first", "p50"))
    assert "half of the requests to async wait 0.80 (0.76 to 0.84) × as long as those to sync at 0 ms" in text
    assert "Between 0 and 20 ms sync overtakes." in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("first", "not_significant"),
            "async serves 1.10 × as much as sync or the difference is not significant, depending on the work",
        ),
        (
            ("second", "not_significant"),
            "sync serves 0.91 × as much as async or the difference is not significant, depending on the work",
        ),
        (("first", "second"), "it depends on the work"),
        (("not_significant", "too_few_blocks"), "the difference is not significant"),
        (("too_few_blocks", "too_few_blocks"), "There are too few blocks to say"),
    ],
)
def test_scenarios_that_disagree_are_not_averaged(words: tuple[str, str], said: str) -> None:
    other = replace(SUMMARY.scenarios[1], name="point-read")
    comparisons = (comparison("write", 0, 1.1, words[0]), comparison("point-read", 0, 1.1, words[1]))
    summary = replace(
        SUMMARY,
        scenarios=(*SUMMARY.scenarios, other),
        measures=replace(SUMMARY.measures, comparisons=comparisons),
    )
    assert said in headline(summary)
    assert "Only" not in headline(summary)


def test_several_pairs_of_targets_have_a_sentence_each_and_the_headline_is_of_the_first() -> None:
    other = replace(comparison("write", 0, 0.5, "second"), second="third")
    title, text = told(comparison("write", 0, 1.5, "first"), other)
    assert title == f"At 0 ms of added latency, async serves 1.50 × as much as sync.{ONLY}"
    assert "Four-row writes, async against sync: async serves 1.50 (1.42 to 1.58) × as many as sync at 0 ms." in text
    assert "Four-row writes, async against third: async serves 0.50 (0.47 to 0.53) × as many as third at 0 ms." in text


def test_ping_is_not_part_of_the_headline() -> None:
    title, text = told(comparison("ping", 0, 2.0, "first"))
    assert title == "Nothing that reaches the database was compared."
    assert "Pings: async serves 2.00" in text


def test_nothing_to_compare_is_said() -> None:
    assert headline(SPARSE["one target"]).startswith("Only sync was run")
    assert answers(SPARSE["one target"]) == ()
    assert headline(SPARSE["nothing at all"]) == "Nothing that reaches the database was compared."
    assert "too few blocks" in headline(SPARSE["one block"])


def test_the_largest_page_is_told_by_every_strategy_that_brings_posts_the_quickest_first() -> None:
    assert loading_headline(LOADING) == (
        "At 5 ms of added latency, a page of 100 users with 5 posts each takes async 9.00 ms by joined,"
        " 15.0 ms by selectin and 609 ms by lazy."
    )
    largest, most_posts = loading_answers(LOADING)
    assert largest == (
        "100 users with 5 posts each: 1 statement and 200 kB by joined, 2 statements and 200 kB by selectin"
        " and 101 statements and 200 kB by lazy."
    )
    assert most_posts == (
        "20 users with 20 posts each: 1 statement and 160 kB by joined, 2 statements and 160 kB by selectin"
        " and 21 statements and 160 kB by lazy."
    )


def test_the_controls_are_told_once_by_the_headline_where_there_is_nothing_else() -> None:
    rows = (
        ControlRow(target="flaw:a", expected=("writes",), besides=(), verdicts={"writes": Verdict.FAIL}, cuts=9),
        ControlRow(target="sync", expected=(), besides=(), verdicts={"writes": Verdict.PASS}, faults=2),
    )
    findings = tuple(
        Finding(check="controls", verdict=Verdict.PASS, code="as_named", subject=row.target) for row in rows
    )
    text = (
        "1 of 1 flaws caught by the check that each names; 1 of 1 sound targets accused by none;"
        " by 9 cuts, 2 faults and 0 loads"
    )
    both = replace(SUMMARY, kind="chaos", controls=rows, findings=findings)
    alone = replace(both, plan=replace(both.plan, targets=()))
    assert (chaos_headline(alone), chaos_answers(alone)) == (f"Every control is as it must be: {text}.", ())
    assert chaos_answers(both) == (f"Controls: {text}.",)


def test_of_no_page_nothing_is_told() -> None:
    nothing = replace(LOADING, pages=())
    assert (loading_headline(nothing), loading_answers(nothing)) == ("No page was asked for.", ())


def test_the_dearest_probe_is_told_and_how_many_are_cheap_enough() -> None:
    def left(probed: str, low: float, value: float) -> ProbeOverhead:
        share = Interval(value=value, low=low, high=1.0, blocks=9)
        return ProbeOverhead(scenario="ping", added_ms=0, plain="async", probed=probed, share=share)

    observed = (left("async:loop", 0.97, 0.98), left("async:pool", 0.95, 0.97))
    summary = replace(SUMMARY, kind="probe_overhead", measures=replace(SUMMARY.measures, probe_overheads=observed))
    assert probes_headline(summary) == (
        "With probes inside, a target keeps 0.970 (0.950 to 1.000) of its throughput at worst: async:pool by ping."
    )
    assert probes_answers(summary) == ("1 of 2 keep at least 0.97 by the whole of their interval.",)
    nothing = replace(SUMMARY, kind="probe_overhead", measures=replace(SUMMARY.measures, probe_overheads=()))
    assert (probes_headline(nothing), probes_answers(nothing)) == ("No probe was tried.", ())
