"""The Idempotency-Key of a write is stored once the write is committed, in a transaction of its own.

What goes wrong: if the connection breaks between the two, the write is there and its key is not; the client, who has no
answer, sends it again under the same key, and it is made twice.
How it comes about: keys are kept by a helper that stores the answer, and there is no answer before the commit.
Caught by: ``cut_map``, which finds such writes partial at every byte between the two, where it cuts writes with a key.
"""

from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.async_api.services import transfer
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import Transfer
from targets.shared.schemas import IdempotencyKey, TransferIn, TransferOut, WriteKey
from targets.shared.statements import fingerprint, replay_of


async def create_transfer(
    session: DatabaseSession, key: WriteKey, wanted: TransferIn, name: IdempotencyKey = None
) -> Transfer | TransferOut:
    """Move credits, commit, and keep the key and the answer."""
    repository = Repository(session)
    if name is not None and (kept := await session.scalar(replay_of(name))) is not None:
        return TransferOut.model_validate_json(kept.answer)
    made = await transfer(repository, key, wanted)
    if name is not None:
        replay_id = await repository.claim(key, name, fingerprint("transfer", wanted))
        if replay_id is not None:
            await repository.keep_answer(replay_id, TransferOut.model_validate(made).model_dump_json())
        await repository.commit()
    return made


app = shadow(create_app(), "/transfers", create_transfer, TransferOut)
