"""The twins' answer to a ping and nothing else, from a coroutine and from a function: a reference for each twin."""

from fastapi import FastAPI

from targets.shared.schemas import Pong

async_app, sync_app = FastAPI(), FastAPI()


@async_app.get("/api/v1/ping")
async def ping_in_the_loop() -> Pong:
    """Answer without the database."""
    return Pong()


@sync_app.get("/api/v1/ping")
def ping_in_a_thread() -> Pong:
    """Answer without the database."""
    return Pong()
