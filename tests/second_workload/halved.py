"""The warehouse with one mistake: the pieces leave one bin in one transaction, and come to the other in another."""

from tests.second_workload.app import Bin, Move, Movement, Opened, app

app.router.routes[:] = [route for route in app.router.routes if getattr(route, "path", "") != "/moves"]


@app.post("/moves", status_code=201)
async def move(asked: Move, session: Opened) -> dict[str, str]:
    """Move pieces, and commit half-way."""
    for code, pieces in ((asked.source, -asked.pieces), (asked.destination, asked.pieces)):
        held = await session.get(Bin, code, with_for_update=True)
        assert held is not None
        held.pieces += pieces
        session.add(Movement(bin_code=code, pieces=pieces))
        await session.commit()
    return {"moved": "yes"}
