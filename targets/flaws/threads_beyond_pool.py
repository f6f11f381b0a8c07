"""More threads than connections, and no admission: threads wait for connections whose holders wait for threads.

What goes wrong: with more clients than threads nothing moves any more until a wait for a connection times out.
How it comes about: AnyIO's 40 threads and a smaller pool, each sensible by itself; a step of a request is a job for a
thread, and so is the next one.
Caught by: ``pool``, as threads and connections that wait for each other.
"""

from targets.shared.admission import admit
from targets.sync_api.main import create_app


async def admit_anyone() -> None:
    """Admit every request at once."""


app = create_app()
app.dependency_overrides[admit] = admit_anyone
