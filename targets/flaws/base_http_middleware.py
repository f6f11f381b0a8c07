"""Three middlewares in the style that is the easiest to write: each hands the request on to a task of its own.

What goes wrong: every request goes through three more tasks and streams, and the target serves far fewer of them.
How it comes about: ``BaseHTTPMiddleware`` and ``@app.middleware("http")`` are what tutorials show; nothing looks slow.
Caught by: ``requests``, which names the line that waits for the other task.
"""

from fastapi import Request, Response
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint

from targets.async_api.main import create_app

MIDDLEWARES = 3


class Passes(BaseHTTPMiddleware):
    """Adds a header to each answer, as those do that tell versions, times or policies."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        """Pass the request on, and mark the answer."""
        response = await call_next(request)
        response.headers["X-Passed"] = "yes"
        return response


app = create_app()
for _ in range(MIDDLEWARES):
    app.add_middleware(Passes)
