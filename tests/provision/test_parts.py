"""PostgreSQL, Toxiproxy and the wire: real ones, that do what is said of them."""

import statistics
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest

from harness.errors import HarnessError, PartDied, PartMissing, UsageError
from harness.faults.added_latency import Latency
from harness.model.cut_map import CutWay, Direction
from harness.model.plan import Target
from harness.provision import toxiproxy_binary
from harness.provision.addresses import require_loopback, url_through
from harness.provision.messages import read_messages
from harness.provision.meter import Meter, Route, routes
from harness.provision.postgres import Postgres, connect, postgres_at, postgres_server
from harness.provision.postgres_url import without_password
from harness.provision.relay import Cutoff, relaying
from harness.provision.target import target_process, wait_until_serving
from harness.provision.toxiproxy import Link, ToxiproxyServer, toxiproxy_at, toxiproxy_server
from targets.workload import WORKLOAD


def ask(url: str, question: str) -> object:
    """One question, one answer."""
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(question)
        (answer,) = cursor.fetchone() or (None,)
        return answer


class TestPostgres:
    def test_it_is_durable_loopback_and_counts_statements(self, postgres: Postgres) -> None:
        assert ask(postgres.url, "SHOW fsync") == "on"
        assert ask(postgres.url, "SHOW synchronous_commit") == "on"
        assert ask(postgres.url, "SHOW listen_addresses") == "127.0.0.1"
        assert postgres.has_statement_counts
        assert postgres.version.startswith("18")

    def test_a_stranger_is_not_let_in(self, postgres: Postgres) -> None:
        host, port = postgres.address
        with pytest.raises(psycopg2.OperationalError):
            psycopg2.connect(host=host, port=port, user="postgres", password="wrong", dbname="postgres")  # noqa: S106 - a wrong one, on purpose

    def test_on_somebodys_server_it_makes_its_own_database_and_drops_it(self, postgres: Postgres) -> None:
        databases = "SELECT array_agg(datname ORDER BY datname) FROM pg_database"
        before = ask(postgres.url, databases)
        with postgres_at(postgres.url) as own:
            assert own.url != postgres.url
            assert ask(own.url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
        assert ask(postgres.url, databases) == before

    @pytest.mark.parametrize(
        ("url", "said"),
        [
            ("postgresql://u@127.0.0.1:1/d", "gave no database"),
            ("postgresql://u@192.0.2.1:5432/d", "stay on this machine"),
            ("mysql://u@127.0.0.1:5432/d", "not a PostgreSQL URL"),
            ("postgresql://u@127.0.0.1:5432/d?hostaddr=192.0.2.1", "'hostaddr' behind its question mark"),
            ("nonsense", "no host and port"),
            ("postgresql://u@127.0.0.1:port/d", "no host and port"),
        ],
    )
    def test_a_wrong_url_is_one_line(self, url: str, said: str) -> None:
        with pytest.raises(UsageError, match=said), postgres_at(url):
            pass

    def test_a_url_is_printed_without_its_password_and_led_elsewhere_with_it(self) -> None:
        url = "postgresql://me:secret@127.0.0.1:5432/d"
        assert without_password(url) == "postgresql://me@127.0.0.1:5432/d"
        assert url_through(url, 99) == "postgresql://me:secret@127.0.0.1:99/d"


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "http://127.9.9.9:1"])
def test_loopback_is_loopback(url: str) -> None:
    require_loopback(url, "--x")


class TestToxiproxy:
    def test_latency_is_added_once_a_round_trip_and_healed(self, link: Link, postgres: Postgres) -> None:
        with routes({"way": url_through(postgres.url, link.port)}) as open_routes:
            route = open_routes["way"]
            before = statistics.median(route.round_trip_s() for _ in range(20))
            fault = Latency(proxy=link, added_ms=30, round_trip_s=route.round_trip_s)
            assert "round trip took" in fault.inject()
            during = [route.round_trip_s() for _ in range(10)]
            fault.heal()
            fault.heal()  # heals whatever happened before
            after = statistics.median(route.round_trip_s() for _ in range(20))
        assert min(during) >= 0.030
        assert statistics.median(during) < 0.060  # once, not twice
        assert max(before, after) < 0.030

    def test_a_fault_that_does_not_bite_has_no_proof(self, link: Link) -> None:
        fault = Latency(proxy=link, added_ms=30, round_trip_s=lambda: 0.001)
        assert fault.inject() == ""
        fault.heal()

    def test_a_toxic_that_is_refused_is_an_error(self, link: Link) -> None:
        with pytest.raises(HarnessError, match="refused toxic"):
            link.add_toxic("x", "nonsense", "downstream", latency=1)

    def test_a_server_that_is_gone_is_an_error_and_not_a_wait(self, tmp_path: Path, postgres: Postgres) -> None:
        with (
            toxiproxy_server(tmp_path / "log", print) as server,
            server.link("x", postgres.address) as opened,
        ):
            assert server.child is not None
            server.child.popen.kill()
            server.child.popen.wait()
            with pytest.raises(PartDied, match="did not answer"):
                opened.add_toxic("x", "latency", "downstream", latency=1)

    def test_somebodys_server_is_used_and_left_as_it_was(self, toxiproxy: ToxiproxyServer, postgres: Postgres) -> None:
        with toxiproxy_at(toxiproxy.url) as server, server.link("x", postgres.address) as opened:
            assert ask(url_through(postgres.url, opened.port), "SELECT 1") == 1
        with pytest.raises(psycopg2.OperationalError):
            connect(url_through(postgres.url, opened.port))

    @pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://192.0.2.1:8474", "nonsense"])
    def test_a_wrong_url_is_one_line(self, url: str) -> None:
        with pytest.raises(UsageError, match="--toxiproxy-url"), toxiproxy_at(url):
            pass

    def test_a_program_that_is_named_and_not_there_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TOXIPROXY_BIN", "/no/such/program")
        with pytest.raises(PartMissing, match="TOXIPROXY_BIN"):
            toxiproxy_binary.find_program()

    def test_with_no_way_to_have_it_every_way_is_told(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.delenv("TOXIPROXY_BIN", raising=False)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setenv("TWINBENCH_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
        with pytest.raises(PartMissing, match=r"TOXIPROXY_BIN.*--toxiproxy-url") as caught:
            toxiproxy_binary.get_program(print)
        assert "no Go on PATH" in str(caught.value)


class TestWire:
    def test_it_counts_round_trips_and_bytes(self, postgres: Postgres) -> None:
        with relaying(postgres.address) as relay, closing(Route(url_through(postgres.url, relay.port))) as route:
            before = relay.counts.round_trips, relay.counts.bytes_up
            for _ in range(7):
                route.round_trip_s()
            assert relay.counts.round_trips - before[0] == 7
            # one query message each: type, length, text and its end
            assert relay.counts.bytes_up - before[1] == 7 * (1 + 4 + len("SELECT 1") + 1)

    def test_it_passes_much_data_whole(self, postgres: Postgres) -> None:
        with relaying(postgres.address) as relay:
            assert ask(url_through(postgres.url, relay.port), "SELECT length(repeat('x', 3000000))") == 3_000_000
            text = ask(url_through(postgres.url, relay.port), "SELECT repeat('x', 3000000)")
        assert text == "x" * 3_000_000

    @pytest.mark.parametrize("way", [CutWay.FIN, CutWay.RST])
    def test_it_cuts_after_the_very_byte(self, postgres: Postgres, way: CutWay) -> None:
        with relaying(postgres.address) as relay, closing(Route(url_through(postgres.url, relay.port))) as route:
            heard = relay.capture(Cutoff(direction=Direction.UP, offset=9, way=way))
            with pytest.raises(psycopg2.OperationalError):
                route.round_trip_s()
            assert (bytes(heard.up), bytes(heard.down)) == (b"Q\x00\x00\x00\rSELE", b"")
            assert heard.ended
            assert relay.tripped

    def test_a_hold_holds_and_then_lets_everything_pass(self, postgres: Postgres) -> None:
        with relaying(postgres.address) as relay, closing(Route(url_through(postgres.url, relay.port))) as route:
            heard = relay.capture(Cutoff(direction=Direction.DOWN, offset=5, way=CutWay.HOLD, hold_s=0.5))
            assert route.round_trip_s() >= 0.5
            assert relay.tripped
            assert not heard.ended
            assert route.round_trip_s() < 0.5  # it springs once

    def test_a_trap_that_nothing_reaches_does_not_spring(self, postgres: Postgres) -> None:
        with relaying(postgres.address) as relay, closing(Route(url_through(postgres.url, relay.port))) as route:
            relay.capture(Cutoff(direction=Direction.UP, offset=1000, way=CutWay.FIN))
            route.round_trip_s()
            assert not relay.tripped

    def test_it_forgets_what_was_said_before_and_after(self, postgres: Postgres) -> None:
        with relaying(postgres.address) as relay, closing(Route(url_through(postgres.url, relay.port))) as route:
            route.round_trip_s()
            heard = relay.capture()
            route.round_trip_s()
            relay.stop_capture()
            route.round_trip_s()
        assert [one.says for one in read_messages(bytes(heard.up), Direction.UP)] == ["SELECT 1"]

    def test_a_server_that_is_gone_closes_the_client(self) -> None:
        with relaying(("127.0.0.1", 1)) as relay, pytest.raises(psycopg2.OperationalError):
            connect(f"postgresql://u@127.0.0.1:{relay.port}/d")


def test_the_meter_reads_every_route(postgres: Postgres) -> None:
    with routes({"one": postgres.url, "two": postgres.url}) as open_routes:
        with Meter(open_routes) as meter:
            for _ in range(5):
                open_routes["one"].round_trip_s()
            time.sleep(0.3)
        read = {sample.labels["route"] for sample in meter.samples()}
    assert read == {"one", "two"}


def test_a_target_that_cannot_start_says_why(tmp_path: Path) -> None:
    broken = Target(name="broken", model="sync", driver="none", app="no.such.module:app")
    with (
        pytest.raises(PartDied, match=r"[Nn]o module"),
        target_process(WORKLOAD, broken, "postgresql://u@127.0.0.1:1/d", tmp_path / "log") as running,
    ):
        wait_until_serving(running)


def test_a_server_of_our_own_comes_back_with_what_was_committed_and_leaves_nothing() -> None:
    with postgres_server() as server:
        before = server.child
        with closing(connect(server.url)) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE kept (n integer)")
            cursor.execute("INSERT INTO kept SELECT generate_series(1, 500)")
        server.restart()
        assert ask(server.url, "SELECT count(*) FROM kept") == 500
        assert server.child is not None
        assert before is not None
        assert server.child.process.pid != before.process.pid
        assert not before.running()
        last = server.child
        data = Path(last.log).parent
        assert data.exists()
    assert not last.running()
    assert not data.exists()


def test_the_users_own_server_is_never_restarted(postgres: Postgres) -> None:
    with pytest.raises(HarnessError, match="not ours"):
        replace(postgres, server=None).restart()
