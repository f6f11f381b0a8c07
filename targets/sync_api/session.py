"""A session for each request, by dependency."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from targets.shared.admission import Admitted
from targets.shared.errors import NO_CONNECTION, DatabaseUnavailable


def get_session(request: Request, _admitted: Admitted) -> Iterator[Session]:
    """Yield a session that has its connection already; leaving it rolls back whatever was not committed.

    The connection is checked out here, before any statement, so that a failure to get one, ``DatabaseUnavailable``, is
    known to have stored nothing.
    """
    with request.app.state.sessions() as session:
        try:
            session.connection()
        except NO_CONNECTION as error:
            raise DatabaseUnavailable from error
        yield session


# With the default scope this would be left after the answer has gone out, with the connection held until then.
DatabaseSession = Annotated[Session, Depends(get_session, scope="function")]
