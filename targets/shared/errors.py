"""Errors of the API, and the answers that clients get for them.

A client must be able to rely on two things: a 4xx or a 503 means that nothing was stored, and any other
5xx means that it can't know.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from targets.shared.schemas import Problem

UNIQUE_VIOLATION = "23505"
FOREIGN_KEY_VIOLATION = "23503"
RETRY_AFTER_S = 1
Answer = Callable[[Request, Exception], Awaitable[JSONResponse]]

# What checking a connection out can raise: no free one in time, none to be had, or no answer to its ping.
NO_CONNECTION = (PoolTimeoutError, DBAPIError, OSError)

RESPONSES: dict[int | str, dict[str, Any]] = {
    500: {"model": Problem, "description": "Something failed on the way; whether anything was stored is unknown"},
    503: {
        "model": Problem,
        "description": "No connection to the database could be had; nothing was stored",
        "headers": {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds"}},
    },
}
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "No such row"}}
CONFLICT: dict[int | str, dict[str, Any]] = {409: {"model": Problem, "description": "What is stored does not allow it"}}


class NotFound(Exception):
    """There is no such row."""

    def __init__(self, what: str, row_id: int) -> None:
        super().__init__(f"There is no {what} {row_id}")


Row = TypeVar("Row")


def existing(row: Row | None, what: str, row_id: int) -> Row:
    """Return what was read by id; raise ``NotFound`` if it was nothing."""
    if row is None:
        raise NotFound(what, row_id)
    return row


class Conflict(Exception):
    """The stored data does not allow it."""


class KeyReused(Exception):
    """The ``Idempotency-Key`` belongs to another request."""


class DatabaseUnavailable(Exception):
    """No connection could be had, and nothing has been sent to the database."""


def sqlstate(error: BaseException) -> str:
    """Return PostgreSQL's code of an error, whichever driver raised it; empty if it has none."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None) or ""


def _answer(status: int, detail: object = None, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer with this detail, or with what the error says; by a coroutine, as a function would be run in a thread."""

    async def answer(_request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": detail or str(error)}, status, headers)

    return answer


KEY_REUSED = {"loc": ["header", "Idempotency-Key"], "msg": "It was used for another request", "type": "key_reused"}
UNKNOWN = _answer(500, "The database failed; whether anything was stored is unknown")
# By the code of a violation that is the client's: the transaction is void, so the answer is a refusal.
REFUSALS: Mapping[str, Answer] = {
    UNIQUE_VIOLATION: _answer(409, "This e-mail is taken"),
    FOREIGN_KEY_VIOLATION: _answer(404, "The user was deleted meanwhile"),
}


async def _refused(request: Request, error: Exception) -> JSONResponse:
    return await REFUSALS.get(sqlstate(error), UNKNOWN)(request, error)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    """Return what is wrong without echoing the input, which may hold what JSON can't encode."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    return JSONResponse({"detail": [{key: item[key] for key in ("loc", "msg", "type")} for item in found]}, 422)


def add_handlers(app: FastAPI) -> None:
    """Answer every error in one form."""
    unavailable = "No connection to the database; nothing was stored"
    app.add_exception_handler(NotFound, _answer(404))
    app.add_exception_handler(Conflict, _answer(409))
    app.add_exception_handler(KeyReused, _answer(422, [KEY_REUSED]))  # in the form of every other 422
    app.add_exception_handler(DatabaseUnavailable, _answer(503, unavailable, {"Retry-After": str(RETRY_AFTER_S)}))
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(IntegrityError, _refused)
    app.add_exception_handler(SQLAlchemyError, UNKNOWN)
    app.add_exception_handler(OSError, UNKNOWN)  # asyncpg lets a reset or a timeout through as it is
