"""The warehouse as a workload: all that the harness knows of it."""

from collections.abc import Mapping
from random import Random
from typing import Any

from sqlalchemy import create_engine

from harness.model.plan import ChaosProfile, Control, Profile, Scenario, Shape, Target
from harness.model.verdict import Verdict
from harness.model.workload import (
    Database,
    Filling,
    Handles,
    Invariant,
    LockOrder,
    Questions,
    Request,
    Sizes,
    SumRead,
    Workload,
    Write,
)
from tests.second_workload.app import Base

BINS, PIECES = 200, 1000
READS = ("completeness", "duplicate_requests", "success_rate", "added_latency")


def migrate(url: str) -> None:
    """Make the tables."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg2:"))
    Base.metadata.create_all(engine)
    engine.dispose()


def seed(cursor: Any, sizes: Sizes) -> None:
    """Fill the bins."""
    cursor.execute("TRUNCATE bin, movement, inspection RESTART IDENTITY")
    cursor.execute(
        "INSERT INTO bin SELECT 'B' || lpad(n::text, 4, '0'), %s FROM generate_series(1, %s) n",
        (PIECES, sizes["bins"]),
    )


def code(random: Random) -> str:
    """Choose a bin."""
    return f"B{random.randint(1, BINS):04d}"


def look_up(random: Random, _key: str) -> Request:
    """Count the pieces in a bin."""
    return Request(method="GET", path=f"/stock/{code(random)}")


def move(random: Random, _key: str) -> Request:
    """Move pieces."""
    one, other = random.sample(range(1, BINS + 1), 2)
    body = {"source": f"B{one:04d}", "destination": f"B{other:04d}", "pieces": random.randint(1, 9)}
    return Request(method="POST", path="/moves", body=body)


def inspect(random: Random, key: str) -> Request:
    """Note what was seen."""
    return Request(method="POST", path="/inspections", body={"bin": code(random), "remark": f"seen {key}"})


def bins_of(request: Request) -> set[str]:
    """Return the bins that a write locks."""
    body = request.body or {}
    return {body[name] for name in ("source", "destination", "bin") if name in body}


def variables(target: Target, url: str) -> Mapping[str, str]:
    """Tell a target its database and its pool."""
    return {"STOCK_DATABASE": url, "STOCK_CONNECTIONS": str(target.pool)}


TARGETS = {
    name: Target(name=name, model="async", driver="asyncpg", app="tests.second_workload.app:app", pool=pool)
    for name, pool in (("wide", 20), ("narrow", 5))
}
HALVED = Target(
    name="halved",
    model="async",
    driver="asyncpg",
    app="tests.second_workload.halved:app",
    flaw="halved",
    expected={"cut_map": Verdict.FAIL},
)
SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            name="look-up",
            question="One bin: which serves more?",
            mix={"look_up": 1},
            shape=Shape(clients=4),
            checks=READS,
        ),
        Scenario(
            name="move",
            question="Two rows and two locks: which moves more?",
            mix={"move": 3, "inspect": 1},
            shape=Shape(clients=4),
            checks=(*READS, "writes"),
        ),
    )
}
CHAOS = Scenario(
    name="chaos",
    question="When something fails in the middle of a move: are all pieces there?",
    mix={"move": 4, "inspect": 2, "total": 1},
    shape=Shape(clients=12),
    checks=("completeness", "confirmed", "writes", "invariants", "deadline", "recovery"),
)
WORKLOAD = Workload(
    name="tests.second_workload.workload:WORKLOAD",
    operations={
        "ready": lambda _random, _key: Request(method="GET", path="/ready"),
        "total": lambda _random, _key: Request(method="GET", path="/total"),
        "look_up": look_up,
        "move": move,
        "inspect": inspect,
    },
    writes={
        "move": Write(rows={"movement": 2}, cuttable=True),
        "inspect": Write(rows={"inspection": 1}, cuttable=True),
    },
    health="ready",
    database=Database(
        tables=("bin", "movement", "inspection"),
        application_name="stock",
        migrate=migrate,
        seed=seed,
        sizes={"bins": BINS},
        invariants=(
            Invariant(
                name="pieces",
                query="SELECT sum(pieces) FROM bin",
                expected=lambda sizes: sizes["bins"] * PIECES,
            ),
            Invariant(
                name="bins out of balance",
                query="SELECT count(*) FROM bin WHERE pieces <> 1000 + coalesce("
                "(SELECT sum(movement.pieces) FROM movement WHERE bin_code = code), 0)",
            ),
        ),
    ),
    questions=Questions(
        scenarios=SCENARIOS,
        profiles={
            name: Profile(
                name=name,
                scenarios=("look-up", "move"),
                added_ms=added_ms,
                blocks=blocks,
                warmup_s=0.4,
                measure_s=0.6,
            )
            for name, added_ms, blocks in (("quick", (0, 20), 3), ("default", (0, 5), 5), ("full", (0, 5, 20), 10))
        },
        chaos=CHAOS,
        chaos_profiles={
            profile.name: profile
            for profile in (
                ChaosProfile(name="default", cuts=("move",)),
                ChaosProfile(name="full", cuts=("move", "inspect"), blocks=2),
                ChaosProfile(name="soak", blocks=5, faults=10),
                ChaosProfile(name="flaws", faults=0, flaws=True),
            )
        },
    ),
    targets={**TARGETS, HALVED.name: HALVED},
    twins=("wide", "narrow"),
    variables=variables,
    sum_read=SumRead(operation="total", field="pieces", invariant="pieces", moved_by=("move",)),
    locks=bins_of,
    controls={
        "halved": Control(target=HALVED, cuts=("move",)),
        "wide": Control(target=TARGETS["wide"], cuts=("move",)),
    },
    handles=Handles(
        time_limits={"STOCK_STATEMENT_MS": "1200", "STOCK_LOCK_MS": "800", "STOCK_IDLE_MS": "1000"},
        written_table="movement",
        slow_table="movement",
        altered_table="bin",
        read_column="pieces",
        filling=Filling(
            table="movement",
            insert="INSERT INTO movement (bin_code, pieces) SELECT 'B0001', 0 FROM generate_series(1, %(rows)s)",
            delete="DELETE FROM movement WHERE pieces = 0",
            sequence="movement_serial_seq",
        ),
        locked_rows="SELECT code FROM bin FOR UPDATE",
        rival_write="move",
        lock_order=LockOrder(
            upper="SELECT code FROM bin WHERE code >= 'B0100' ORDER BY code FOR NO KEY UPDATE",
            lower="SELECT code FROM bin WHERE code < 'B0100' ORDER BY code FOR NO KEY UPDATE",
            waiting="query LIKE '%FOR UPDATE%'",
        ),
        client_write="move",
    ),
)
