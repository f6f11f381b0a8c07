"""One run of a case after the other, on services that are started once; what came of each is kept at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random

from harness.errors import HarnessError
from harness.experiments.base import Config, Experiment, Run
from harness.experiments.chaos.experiment import NONE, Chaos
from harness.experiments.comparison.experiment import Amount, Comparison
from harness.model.measures import Comparison as Compared
from harness.model.plan import Control
from harness.model.verdict import Verdict, merge
from harness.provision.postgres import postgres_server
from harness.provision.toxiproxy import toxiproxy_server
from harness.run import assess, run
from harness.store import Store
from tests.cases.workload import WORKLOAD
from tools.cases.answer import Answer, Outcome, judge
from tools.resumable import held

BLOCKS = 2
KEPT = "outcomes.jsonl"


class Quiet:
    """Progress of a run that nobody watches."""

    def say(self, _sentence: str) -> None:
        """Say nothing."""

    def began(self, _what: str, _total: int) -> None:
        """Show nothing."""

    def step(self, _steps: float = 1) -> None:
        """Show nothing."""

    def show(self, _comparisons: Sequence[Compared]) -> None:
        """Show nothing."""


class Uncounted(Comparison):
    """A comparison that is judged alone: counting round trips would start each target, and the generator, once more."""

    def count(self, run: Run) -> None:
        """Count nothing."""


def outcomes(
    cases: Mapping[str, Control], runs: int, condition: str, out: Path, say: Callable[[str], None]
) -> Iterator[Outcome]:
    """Yield what came of each run of each case: first of those that are kept, and then of the others, which it makes.

    ``condition`` is a word on the machine; ``say`` is told when the services start. Every case is tried once before one
    is tried again. Whoever stops taking outcomes stops it all.

    Raises:
        HarnessError: The services did not start, or ``out`` is in use.
    """
    with held(out, "cases"):
        kept = {one.key: one for one in _kept(out / KEPT)}
        every = [(name, condition, number) for number in range(1, runs + 1) for name in cases]
        yield from (kept[key] for key in every if key in kept)
        due = [key for key in every if key not in kept]
        if not due:
            return
        with ExitStack() as services, (out / KEPT).open("a") as file:
            say("Starting PostgreSQL and Toxiproxy …")
            toxiproxy = services.enter_context(toxiproxy_server(out / "toxiproxy.log", say))
            postgres = services.enter_context(postgres_server())
            for name, _, number in due:
                config = Config(
                    seed=Random(f"{name}/{number}").getrandbits(32),  # noqa: S311 - a run to be repeated, no secret
                    command="",
                    out=out / f"{name.replace(':', '-')}-{condition}-{number}",
                    postgres_url=postgres.url,
                    toxiproxy_url=toxiproxy.url,
                    workload_name=WORKLOAD.name,
                )
                found = _tried(cases[name], config, condition, number)
                file.write(f"{json.dumps(found.as_json())}\n")
                file.flush()
                yield found


def _experiment(case: Control) -> Experiment:
    """Return what ``twinbench run`` does for a case, or ``twinbench chaos`` for one that cuts or faults show."""
    names = [case.target.name]
    if not case.load:
        cuts, faults = case.cuts or [NONE], case.faults or [NONE]
        return Chaos.of(WORKLOAD, "default", targets=names, cuts=cuts, faults=faults)
    amount = Amount(blocks=BLOCKS)
    return Uncounted.of(WORKLOAD, "default", scenarios=case.load, targets=names, added_ms=case.added_ms, amount=amount)


def _kept(path: Path) -> Iterator[Outcome]:
    """Yield what is kept; a last line that was torn is made again."""
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            yield Outcome.of_json(json.loads(line))
        except ValueError:
            continue


def _tried(case: Control, config: Config, condition: str, number: int) -> Outcome:
    """Make one run of a case, and judge it; one that can't be made is undecided."""
    name, stores = case.target.name, list[Store]()
    try:
        run(_experiment(case), config, Quiet(), stores.append)
        findings = assess(stores[0]).findings
    except HarnessError as error:
        told = " ".join(str(error).split())
        return Outcome(
            case=name,
            condition=condition,
            number=number,
            answer=Answer.UNDECIDED,
            verdict=Verdict.UNDECIDED,
            why=f"the run failed: {told}",
        )
    judged = judge(case, findings)
    finding = judged.finding
    return Outcome(
        case=name,
        condition=condition,
        number=number,
        answer=judged.answer,
        verdict=merge(one.verdict for one in findings),
        said=f"{finding.check}: {finding.code}" if finding else "",
        place=str(finding.place) if finding and finding.place else "",
        why=judged.why,
    )
