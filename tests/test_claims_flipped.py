"""Claims put to the test in a copy of the repository where what they rest on is changed: each says something else."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.analysis.claims import measured_claims
from harness.analysis.judge import judge_claims
from harness.model.claims import ClaimVerdict
from harness.provision.toxiproxy_binary import get_program
from tests.fix_command_line import ROOT
from tools.claims_page import stored

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Edit:
    """Lines of a file, given from the root, and what takes their place."""

    file: str
    old: str
    new: str

    def apply(self, root: Path) -> None:
        """Make it in a copy of the repository."""
        path = root / self.file
        text = path.read_text(encoding="utf-8")
        assert text.count(self.old) == 1, f"{self.file} has {self.old!r} {text.count(self.old)} times"
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")


SESSION_AT_ONCE = Edit(
    "targets/claims/connection_in_request.py",
    '        note("session opened")',
    '        await session.connection()\n        note("session opened")',
)
CLOSED_FIRST = Edit(
    "targets/claims/connection_in_request.py",
    "async def read(session: Annotated[AsyncSession, Depends(get_session)])",
    'async def read(session: Annotated[AsyncSession, Depends(get_session, scope="function")])',
)
CLOSED_BY_HAND = (
    Edit(
        "targets/flaws/manual_session.py",
        "    made = await services.create_user(Repository(session), key, user)\n    await session.close()\n"
        "    return made",
        "    async with session:\n        return await services.create_user(Repository(session), key, user)",
    ),
    Edit(
        "targets/flaws/sync_manual_session.py",
        "    made = services.create_user(Repository(session), key, user)\n    session.close()\n    return made",
        "    with session:\n        return services.create_user(Repository(session), key, user)",
    ),
)
ROLLED_BACK = tuple(
    Edit(f"targets/flaws/{flaw}.py", "    async with _admitted:", '    async with _admitted, _kept["session"]:')
    for flaw in ("missing_rollback", "session_reused_without_rollback")
)
NEEDED_AT_ONCE = Edit("targets/flaws/missing_await.py", "    await repository.add(made)", "    repository.add(made)")
MORE_IS_CHANGED = Edit(
    "alembic/script.py.mako",
    '    ${upgrades if upgrades else "pass"}',
    '    ${upgrades if upgrades else "pass"}\n    op.execute("UPDATE users SET credits = credits + 1")',
)
IN_THE_LOOP = Edit(
    "targets/claims/bare_url.py",
    "longest_pause_ms(ask(engine))",
    "longest_pause_ms(ask(engine) if name else ask_in_the_loop())",
)
SET = Edit(
    "targets/claims/expire_on_commit.py",
    'after_commit("async", read, expire_on_commit=True)',
    'after_commit("async", read, expire_on_commit=False)',
)
DEEP_LAYERS = (
    Edit(
        "targets/claims/layers.py",
        "all_layers = ",
        "async def read_again(session: DatabaseSession, user_id: Id) -> User:\n"
        '    """Read a user through all layers, twice."""\n'
        "    session.expire(await routes.get_user(session, user_id))\n"
        "    return await routes.get_user(session, user_id)\n\n\nall_layers = ",
    ),
    Edit(
        "targets/claims/layers.py",
        'all_layers = shadow(create_app(), "/users/{user_id}", routes.get_user,',
        'all_layers = shadow(create_app(), "/users/{user_id}", read_again,',
    ),
)
HOLDS, FALLS = ClaimVerdict.HOLDS, ClaimVerdict.DOES_NOT_HOLD
# By what is done: the claim, what is changed, and the verdict, which is another without it.
FLIPPED = {
    "the option set": ("expire_on_commit", (SET,), FALLS),
    "a connection taken with the session": ("connection_in_request", (SESSION_AT_ONCE,), FALLS),
    "a session closed before the answer": ("connection_in_request", (CLOSED_FIRST,), HOLDS),
    "sessions by hand closed on every way": ("session_closed", CLOSED_BY_HAND, FALLS),
    "a rollback where it was missing": ("missing_rollback", ROLLED_BACK, FALLS),
    "an await missing where its result is needed": ("missing_await", (NEEDED_AT_ONCE,), FALLS),
    "a revision that changes other rows": ("alembic_round_trip", (MORE_IS_CHANGED,), FALLS),
    "a driver that waits in the loop": ("bare_url", (IN_THE_LOOP,), HOLDS),
    "layers that read a user twice": ("layers", DEEP_LAYERS, FALLS),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what a run needs of the repository."""
    for name in ("alembic", "harness", "scenarios", "targets"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "alembic.ini", tmp_path)
    return tmp_path


@pytest.mark.parametrize(("claim", "edits", "expected"), FLIPPED.values(), ids=FLIPPED)
def test_it_says_something_else_where_what_it_rests_on_is_changed(
    copy: Path, claim: str, edits: tuple[Edit, ...], expected: ClaimVerdict
) -> None:
    for edit in edits:
        edit.apply(copy)
    done = subprocess.run(
        [sys.executable, "-m", "harness.cli", "claims", claim, "--seed", "7", "--out", str(copy / "out")],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy), "TOXIPROXY_BIN": str(get_program(print).path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (finding,) = json.loads((copy / "out" / "latest" / "summary.json").read_text())["findings"]
    assert finding["code"] == expected
    assert {one.check: one.code for one in judge_claims(measured_claims(stored()))}[claim] != expected
