"""The system account that a process runs as, where it can't be ours: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Account:
    """The system account that a process runs as, where it can't be ours."""

    uid: int
    gid: int


def under(account: Account | None) -> dict[str, Any]:
    """Return what ``subprocess`` is told so that a program runs as an account; nothing where it runs as we do."""
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}


def other_account() -> Account | None:
    """Return an account for the server where we are root, which PostgreSQL refuses to run as."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Account(uid=nobody.pw_uid, gid=nobody.pw_gid)
