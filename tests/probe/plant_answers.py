"""Answers to requests behind the probe of queries; what it tells of them is printed as JSON, by route.

Run as ``plant_answers.py``. In a process of its own, since the probe stays where it was put.
"""

import asyncio
import json
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import httpx
from fastapi import Depends, FastAPI, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ForeignKey, StaticPool, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from harness.probe import dialects, queries, served
from harness.probe.request_sampling import RequestSampling


class Base(DeclarativeBase):
    """Of these tables."""


class Author(Base):
    __tablename__ = "authors"
    id: Mapped[int] = mapped_column(primary_key=True)
    books: Mapped[list["Book"]] = relationship()


class Book(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))


class Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int


class AuthorOut(Out):
    books: list[Out]


dialects.meet()
engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
Base.metadata.create_all(engine)
with Session(engine) as filling:
    filling.add_all(Author(books=[Book(), Book()]) for _ in range(3))
    filling.commit()


def get_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


app = FastAPI()


@app.get("/authors", response_model=list[AuthorOut])
def list_authors(session: Annotated[Session, Depends(get_session)]) -> Any:
    return session.scalars(select(Author)).all()


@app.get("/lines")
def lines() -> Response:
    return Response("".join(f'{{"id":{n}}}\n' for n in range(5)), media_type="application/x-ndjson")


@app.get("/list")
def plain() -> JSONResponse:
    return JSONResponse([1, 2, 3])


@app.get("/csv")
def csv() -> Response:
    return Response("1,2,3", media_type="text/csv")


class Told:
    """Keeps what is told."""

    def __init__(self) -> None:
        self.samples: list[dict[str, Any]] = []

    def take(self, kind: tuple[str, str, tuple[str, ...]], value: float, *labels: object) -> None:
        self.samples.append({"metric": kind[1], "value": value, **dict(zip(kind[2], labels, strict=True))})


async def main() -> None:
    told, passed = Told(), served.Served(app)  # type: ignore[arg-type]  # as Starlette types it
    passed.sampling = RequestSampling()
    passed.looked_into = queries.QueryProbe(passed.app, told)  # type: ignore[arg-type]  # with what it calls
    async with httpx.AsyncClient(transport=httpx.ASGITransport(passed), base_url="http://test") as client:  # type: ignore[arg-type]  # the same
        for path in ("/authors", "/lines", "/list", "/csv"):
            (await client.get(path)).raise_for_status()
    json.dump(told.samples, sys.stdout)


asyncio.run(main())
