"""The system account that a process runs as, where it can't be ours: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from typing import Any

from harness.errors import HarnessError


@dataclass(frozen=True, kw_only=True)
class Account:
    """The system account that a process runs as, where it can't be ours."""

    uid: int
    gid: int


def under(account: Account | None) -> dict[str, Any]:
    """Return what ``subprocess`` is told so that a program runs as an account; nothing where it runs as we do."""
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}


def other_account() -> Account | None:
    """Return an account for the server where we are root, which PostgreSQL refuses to run as.

    Raises:
        HarnessError: The system has none.
    """
    if os.geteuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError as error:  # as in a small container
        raise HarnessError(
            "We are root, which PostgreSQL refuses to run as, and there is no account 'nobody'",
            "Run twinbench as another user, or give --postgres-url",
        ) from error
    return Account(uid=nobody.pw_uid, gid=nobody.pw_gid)
