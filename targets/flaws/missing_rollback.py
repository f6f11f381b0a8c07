"""One session for the life of the process, and no rollback when the application itself refuses in the middle.

What goes wrong: what was sent to the database until then stays in the open transaction, and the next request that
commits makes it durable: here credits are taken from one user and given to nobody.
How it comes about: ``except`` around a unit of work that answers with an error and goes on with the same session.
Caught by: ``missing_rollback``, the claim, which counts what is left; under load no transfer is refused.
"""

import asyncio

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.flaws.shadow import shadow
from targets.shared.errors import existing
from targets.shared.models import Transfer
from targets.shared.schemas import TransferIn, TransferOut, WriteKey
from targets.shared.statements import audit, new_transfer

_kept: dict[str, AsyncSession] = {}
_admitted = asyncio.Lock()


async def create_transfer(request: Request, key: WriteKey, wanted: TransferIn) -> Transfer:
    """Take from the one, and then look for the other."""
    if "session" not in _kept:
        _kept["session"] = request.app.state.sessions()
    async with _admitted:
        repository = Repository(_kept["session"])
        giver = existing(await repository.user(wanted.from_user_id), "user", wanted.from_user_id)
        giver.credits -= wanted.credits
        await repository.add(audit(key, "transfer", wanted.from_user_id))
        taker = existing(await repository.user(wanted.to_user_id), "user", wanted.to_user_id)
        taker.credits += wanted.credits
        made = new_transfer(key, wanted)
        await repository.add(made)
        await repository.commit()
        return made


app = shadow(create_app(), "/transfers", create_transfer, TransferOut)
