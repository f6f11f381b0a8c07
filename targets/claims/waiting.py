"""How many threads and how much memory do requests take that wait for somebody else?

Prints what it sees. By hand, with ``late_server`` at port 8001: ``python -m targets.claims.waiting 8001 async 256``.
"""

import asyncio
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import psutil
from anyio import to_thread
from fastapi import FastAPI

from targets.claims.tell import tell

HOST = "127.0.0.1"
HALFWAY_S = 0.5
USUAL_THREADS = 40  # AnyIO's own limit

app = FastAPI()
port = int(sys.argv[1]) if len(sys.argv) > 1 else 0


@app.get("/async")
async def wait_in_the_loop() -> None:
    """Ask the server, and await its answer."""
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(b"?")
    await reader.read(1)
    writer.close()


@app.get("/sync")
def wait_in_a_thread() -> None:
    """Ask the server, and wait for its answer."""
    with socket.create_connection((HOST, port)) as connection:
        connection.sendall(b"?")
        connection.recv(1)


async def request(path: str) -> None:
    """Send the application one request."""

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_message: MutableMapping[str, Any]) -> None:
        return

    asgi: Callable[..., Awaitable[None]] = app
    await asgi({"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}, receive, send)


async def main(model: str, count: int, threads: int) -> None:
    """Send so many requests at once, and look at the process while they wait."""
    to_thread.current_default_thread_limiter().total_tokens = threads
    process = psutil.Process()
    await request(f"/{model}")
    threads_before, bytes_before = threading.active_count(), process.memory_info().rss
    began_s = time.perf_counter()
    requests = asyncio.gather(*(request(f"/{model}") for _ in range(count)))
    await asyncio.sleep(HALFWAY_S)
    threads_then, bytes_then = threading.active_count(), process.memory_info().rss
    await requests
    took_s = time.perf_counter() - began_s
    case = f"{model}, {count} waiting" + (f", {threads} threads at most" if model == "sync" else "")
    tell(case, "threads", {"threads": threads_then - threads_before + (model == "sync")})
    tell(case, "MiB", {"memory": (bytes_then - bytes_before) / 2**20})
    tell(case, "s", {"until all were served": took_s})


if __name__ == "__main__":
    limit = int(sys.argv[4]) if len(sys.argv) > 4 else USUAL_THREADS  # noqa: PLR2004 - its place among the words
    asyncio.run(main(sys.argv[2], int(sys.argv[3]), limit))
