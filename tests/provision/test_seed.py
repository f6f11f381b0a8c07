"""The seed, and what is put back of it between faults."""

from contextlib import closing

import psycopg2

from harness.provision.database import restore
from harness.provision.postgres import connect
from tests.fix_postgres import SEEDED_USERS, SMALL

HOLDERS = SEEDED_USERS // 2


def users(url: str) -> list[tuple[int, int, str]]:
    """Everybody's id, credits and write key."""
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id, credits, write_key FROM users ORDER BY id")
        return cursor.fetchall()


def test_who_was_removed_is_put_back_as_seeded(database_url: str) -> None:
    before = users(database_url)
    with closing(connect(database_url)) as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM users WHERE id > %s", (HOLDERS,))
        restore(database_url, SMALL)
        assert users(database_url) == before
        cursor.execute("INSERT INTO users (name, email, write_key) VALUES ('Ada', 'ada@example.com', '') RETURNING id")
        assert cursor.fetchone() == (SEEDED_USERS + 1,)


def test_who_holds_credits_is_not_put_back_and_who_is_there_stays_as_changed(database_url: str) -> None:
    with closing(connect(database_url)) as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM users WHERE id IN (1, %s)", (SEEDED_USERS,))
        cursor.execute("UPDATE users SET write_key = 'changed' WHERE id = %s", (HOLDERS + 1,))
    restore(database_url, SMALL)
    after = users(database_url)
    assert [one[0] for one in after] == list(range(2, SEEDED_USERS + 1))
    assert (HOLDERS + 1, 0, "changed") in after


def test_it_does_not_wait_for_a_session_that_was_left_in_a_transaction(database_url: str) -> None:
    with closing(psycopg2.connect(database_url)) as left, left.cursor() as cursor:
        cursor.execute("DELETE FROM users WHERE id = %s", (SEEDED_USERS,))
        restore(database_url, SMALL)  # raises nothing, and comes back
        left.rollback()
    assert len(users(database_url)) == SEEDED_USERS
