"""What the controls share."""

import pytest

from harness.provision.database import seed
from harness.provision.postgres import Postgres
from targets.workload import WORKLOAD


@pytest.fixture(scope="module")
def url(postgres: Postgres) -> str:
    """A database with the rows that the operations ask for, which end as they began."""
    seed(postgres.url, WORKLOAD.database)
    return postgres.url
