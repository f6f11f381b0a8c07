"""Small pieces of evidence, written by hand."""

from collections.abc import Iterable
from dataclasses import replace

from harness.model.evidence import Evidence, FaultWindow, Sample, Window
from harness.model.findings import Finding
from harness.model.ledger import Effects, Ledger
from harness.model.plan import Scenario, Shape, Target, Trial
from harness.model.request_record import Op, Outcome
from harness.model.verdict import Place
from harness.report.sentences.findings import FindingText, finding_text
from targets.workload import WORKLOAD

MS = 1_000_000
TARGET = Target(name="async", model="async", driver="asyncpg", app="a:b")
SCENARIO = Scenario(name="write", question="?", mix={"create_user": 1}, shape=Shape(clients=1))
TRIAL = Trial(
    id="01-000-write-20ms-async",
    number=0,
    target="async",
    scenario="write",
    added_ms=20,
    block=1,
    slot=0,
    position=0,
    seed=1,
)
WINDOW = Window(start_ns=0, end_ns=1000 * MS)
FAULT = FaultWindow(kind="latency", detail="20 ms", injected_ns=0, healed_ns=1000 * MS, proof="took 20.3 ms")


def op(
    number: int = 0,
    outcome: str = "ok",
    *,
    name: str = "create_user",
    took_ms: float = 150.0,
    key: str | None = None,
) -> Op:
    """One request that began 10 ms after the one before."""
    status = {"ok": 201, "fail": 409, "unknown": 500, "unsent": 0}[outcome]
    started_ns = number * 10 * MS
    return Op(
        id=number,
        name=name,
        key=f"{number:032x}" if key is None else key,
        intended_ns=started_ns,
        started_ns=started_ns,
        ended_ns=started_ns + round(took_ms * MS),
        outcome=Outcome(outcome),
        status=status,
        error="",
        asked=f"POST /{name}",
    )


def sample(probe: str, metric: str, value: float, **known: str | float | Place | None) -> Sample:
    """One reading in the middle of the window; what is None is not known."""
    return Sample(
        t_ns=500 * MS,
        probe=probe,
        metric=metric,
        value=value,
        fields={name: one for name, one in known.items() if isinstance(one, int | float)},
        labels={name: one for name, one in known.items() if isinstance(one, str)},
        places={name: one for name, one in known.items() if isinstance(one, Place)},
    )


def place(text: str) -> Place:
    """A place, written as ``file:line function``."""
    line, function = text.split(" ")
    file, number = line.split(":")
    return Place(file, int(number), function)


def one(findings: Iterable[Finding]) -> Finding:
    """The only finding of a check."""
    (found,) = findings
    return found


def told(findings: Iterable[Finding]) -> FindingText:
    """The only finding of a check, in words."""
    return finding_text(one(findings))


def values(finding: Finding) -> dict[str, float]:
    """The numbers of a finding, without their units."""
    return {name: quantity.value for name, quantity in finding.values.items()}


def distances(target_ms: float, clean_ms: float, count: int = 9) -> tuple[Sample, ...]:
    """Round trips by both ways."""
    return tuple(
        sample("distance", "round_trip_s", value / 1e3, route=route)
        for route, value in (("async", target_ms), ("clean", clean_ms))
        for _ in range(count)
    )


def ledger(*rows: tuple[str, int, int, int]) -> Ledger:
    """Rows as (key, in users, in posts, in audit_log)."""
    tables = ("users", "posts", "audit_log")
    return Ledger(
        rows={table: {row[0]: row[place] for row in rows if row[place]} for place, table in enumerate(tables, 1)},
        effects=Effects.of(WORKLOAD),
    )


def evidence(*ops: Op, **changes: object) -> Evidence:
    """Evidence of a trial in which all is well, but for the changes."""
    whole = Evidence(
        trial=TRIAL,
        target=TARGET,
        scenario=SCENARIO,
        environment={},
        ops=ops,
        samples=(
            sample("load", "recorded", len(ops)),
            sample("served", "requests", sum(o.outcome != "unsent" for o in ops)),
            *distances(20.6, 0.4),
        ),
        faults=(FAULT,),
        window=WINDOW,
        ledger=ledger(*((o.key, 1, 2, 1) for o in ops if o.outcome == "ok")),
        complete=True,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]  # the changes are the caller's to get right


SOUND = evidence(*(op(number) for number in range(5)))
