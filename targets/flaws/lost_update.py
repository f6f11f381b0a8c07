"""Credits are read, changed and written back, and nothing keeps others from doing the same meanwhile.

What goes wrong: of two transfers at once, one is overwritten: credits are made or lost.
How it comes about: the ORM's natural way to change a row; the lock is what has to be thought of.
Caught by: ``invariants``, when transfers that have read the same row wait for one lock.
"""

from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.async_api.services import read_user
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import Transfer
from targets.shared.schemas import TransferIn, TransferOut, WriteKey
from targets.shared.statements import audit, new_transfer


async def create_transfer(session: DatabaseSession, key: WriteKey, wanted: TransferIn) -> Transfer:
    """Move credits, by values that may be old."""
    repository = Repository(session)
    payer = await read_user(repository, wanted.from_user_id)
    payee = await read_user(repository, wanted.to_user_id)
    payer.credits -= wanted.credits
    payee.credits += wanted.credits
    made = new_transfer(key, wanted)
    await repository.add(made)
    await repository.add(audit(key, "transfer", wanted.from_user_id))
    await repository.commit()
    return made


app = shadow(create_app(), "/transfers", create_transfer, TransferOut)
