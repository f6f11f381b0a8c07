"""Every request's signature is checked in a middleware, by a function that is slow on purpose.

What goes wrong: nothing else is served meanwhile, whichever route is asked, and no route shows why.
How it comes about: a key derivation, meant for passwords at log-in, is called for each request, and in the event loop.
Caught by: ``loop``, which names the line.
"""

from hashlib import pbkdf2_hmac

from starlette.types import ASGIApp, Receive, Scope, Send

from targets.async_api.main import create_app

ROUNDS = 40_000


class Signed:
    """Lets those requests pass whose signature is theirs."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request."""
        if scope["type"] == "http":
            self.check(scope["path"])
        await self.app(scope, receive, send)

    @staticmethod
    def check(path: str) -> bytes:
        """Derive the key that a request for this path is signed with."""
        return pbkdf2_hmac("sha256", path.encode(), b"salt", ROUNDS)


app = create_app()
app.add_middleware(Signed)
