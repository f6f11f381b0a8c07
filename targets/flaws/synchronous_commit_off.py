"""PostgreSQL may acknowledge a commit before it is on disk.

What goes wrong: after a crash of the database, the writes of its last moments are gone, though clients were told.
How it comes about: ``synchronous_commit = off``, found in a guide to fast inserts.
Caught by: ``writes``, when PostgreSQL is stopped at once, as writes that are lost.
"""

from typing import Any

from sqlalchemy import Pool, event

from targets.async_api.main import create_app


@event.listens_for(Pool, "connect")
def _need_not_wait(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's, as SQLAlchemy wraps it
    cursor = connection.cursor()
    cursor.execute("SET synchronous_commit = off")
    cursor.close()
    connection.commit()


app = create_app()
