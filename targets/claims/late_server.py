"""A server that takes any number of connections and answers each after a second, as a slow service would.

By hand: ``python -m targets.claims.late_server 8001``.
"""

import asyncio
import sys

LATE_S = 1.0
BACKLOG = 1024


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read what is asked, and answer a second later."""
    if await reader.read(1):
        await asyncio.sleep(LATE_S)
        writer.write(b".")
    writer.close()


async def main(port: int) -> None:
    """Serve until somebody ends it."""
    server = await asyncio.start_server(answer, "127.0.0.1", port, backlog=BACKLOG)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
