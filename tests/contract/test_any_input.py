"""No input whatever makes a twin answer 500, and every answer is as documented. On a real server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import CHECKS
from schemathesis.core.failures import FailureGroup

from harness.provision.postgres import Postgres
from harness.provision.target import RunningTarget, target_process, wait_until_serving
from targets.catalog import CATALOG, ON_PSYCOPG, TWINS
from targets.shared.config import Settings
from targets.workload import WORKLOAD
from tests.fix_twins import create_app
from tests.sample import sampled

EXAMPLES = 15
# Both documents are the same, as another test holds.
OPERATIONS = {
    operation.ok().label: operation.ok()
    for operation in schemathesis.openapi.from_dict(create_app("async", Settings()).openapi()).get_all_operations()
}
JUDGED = [
    CHECKS.get_one(name)
    for name in (
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    )
]


@pytest.fixture(scope="module", params=sampled([*TWINS, *ON_PSYCOPG], TWINS))
def running(
    request: pytest.FixtureRequest, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningTarget]:
    """Each twin as the harness runs it, on each driver."""
    log: Path = tmp_path_factory.mktemp("target") / "log"
    with target_process(WORKLOAD, CATALOG[request.param], postgres.url, log) as target:
        wait_until_serving(target)
        yield target


@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_as_documented(label: str, running: RunningTarget) -> None:
    answered = []

    @given(case=OPERATIONS[label].as_strategy())
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def ask(case: schemathesis.Case) -> None:
        response = case.call(base_url=running.url)
        answered.append(response.status_code)
        case.validate_response(response, checks=JUDGED)

    ask()
    assert len(answered) >= 1


def test_an_answer_that_is_not_documented_is_found(running: RunningTarget) -> None:
    """The judges can fail: the same answer is held against a document that promises another."""
    document = create_app("async", Settings()).openapi()
    document["paths"]["/api/v1/ping"]["get"]["responses"] = {
        "200": {"description": "", "content": {"application/json": {"schema": {"type": "array"}}}}
    }
    operation = schemathesis.openapi.from_dict(document)["/api/v1/ping"]["get"]
    case = operation.Case()
    with pytest.raises(FailureGroup):
        case.validate_response(case.call(base_url=running.url), checks=JUDGED)
