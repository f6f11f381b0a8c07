"""An ``async def`` route with the twins' answer to a ping, and nothing else: the async twin's reference."""

from __future__ import annotations

from fastapi import FastAPI

from targets.shared.schemas import Pong

app = FastAPI()


@app.get("/api/v1/ping")
async def ping() -> Pong:
    """Answer without the database."""
    return Pong()
