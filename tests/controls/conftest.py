"""What the controls share."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.model.findings import Finding
from harness.model.plan import Target
from harness.provision.database import seed
from harness.provision.postgres import Postgres
from harness.provision.toxiproxy import Link
from targets.workload import WORKLOAD
from tests.controls.one_client import Judged, judged_by_one


@pytest.fixture(scope="module")
def url(postgres: Postgres) -> str:
    """A database with the rows that the operations ask for, which end as they began."""
    seed(postgres.url, WORKLOAD.database)
    return postgres.url


@pytest.fixture
def judged_alone(url: str, link: Link, tmp_path: Path) -> Judged:
    """What its probes' checks say of a target that is asked one request after the other, 10 ms from its database."""

    def judge(target: Target, operations: Sequence[str]) -> list[Finding]:
        return judged_by_one(target, operations, url, link, tmp_path / "log")

    return judge
