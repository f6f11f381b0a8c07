"""Errors of the API, and the answers that clients get for them.

A client must be able to rely on two things: a 4xx or a 503 means that nothing was stored, and any other
5xx means that it can't know.
"""

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
    """Return what was read by id.

    Raises:
        NotFound: There is no such row.
    """
    if row is None:
        raise NotFound(what, row_id)
    return row


class Conflict(Exception):
    """The stored data does not allow it."""


class KeyReused(Exception):
    """The ``Idempotency-Key`` belongs to another request."""


class DatabaseUnavailable(Exception):
    """No connection could be had, and nothing has been sent to the database."""


def add_handlers(app: FastAPI) -> None:
    """Answer every error in one form."""
    app.add_exception_handler(NotFound, _not_found)
    app.add_exception_handler(Conflict, _conflict)
    app.add_exception_handler(KeyReused, _key_reused)
    app.add_exception_handler(DatabaseUnavailable, _unavailable)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(IntegrityError, _refused)
    app.add_exception_handler(SQLAlchemyError, _unknown)
    app.add_exception_handler(OSError, _unknown)  # asyncpg lets a reset or a timeout through as it is


def sqlstate(error: BaseException) -> str:
    """Return PostgreSQL's code of an error, whichever driver raised it; empty if it has none."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None) or ""


# Coroutines in both twins: Starlette would run plain functions in a thread.


async def _not_found(_request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, 404)


async def _conflict(_request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, 409)


async def _key_reused(_request: Request, _error: Exception) -> JSONResponse:
    told = {"loc": ["header", "Idempotency-Key"], "msg": "It was used for another request", "type": "key_reused"}
    return JSONResponse({"detail": [told]}, 422)  # in the form of every other 422


async def _unavailable(_request: Request, _error: Exception) -> JSONResponse:
    told = {"detail": "No connection to the database; nothing was stored"}
    return JSONResponse(told, 503, headers={"Retry-After": str(RETRY_AFTER_S)})


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    """Return what is wrong without echoing the input, which may hold what JSON can't encode."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    return JSONResponse({"detail": [{key: item[key] for key in ("loc", "msg", "type")} for item in found]}, 422)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    """Return the answer to the two violations that are the client's: the transaction is void, so it is a refusal."""
    match sqlstate(error):
        case code if code == UNIQUE_VIOLATION:
            return JSONResponse({"detail": "This e-mail is taken"}, 409)
        case code if code == FOREIGN_KEY_VIOLATION:
            return JSONResponse({"detail": "The user was deleted meanwhile"}, 404)
        case _:
            return await _unknown(request, error)


async def _unknown(_request: Request, _error: Exception) -> JSONResponse:
    return JSONResponse({"detail": "The database failed; whether anything was stored is unknown"}, 500)
