"""Claim 12: autogenerate, upgrade and downgrade do what they are said to, on a database with data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from harness.experiments.base import Run
from harness.experiments.claims.alembic_project import AlembicProject, alembic_project
from harness.experiments.claims.claim_test import ClaimTest, Shown
from harness.model.claims import Claim, Observation, seen
from harness.provision.postgres import connect

# Every row of users, without what is added to it.
ROWS = "SELECT count(*), md5(string_agg(row, ' ' ORDER BY row)) FROM (SELECT {} FROM users) AS rows"
OLD = "(id, name, email, credits, created_at, write_key)::text AS row"
SCHEMA = """
SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name <> 'alembic_version'
UNION ALL SELECT conrelid::regclass::text, conname, contype::text, '', pg_get_constraintdef(oid) FROM pg_constraint
UNION ALL SELECT tablename, indexname, '', '', indexdef FROM pg_indexes WHERE schemaname = current_schema()
"""

CLAIM = Claim(
    number=12,
    name="alembic_round_trip",
    says="Autogenerate, upgrade and downgrade work as they are described, on a database that holds data.",
    method="A copy of this project's migrations is applied to a database of its own, which is then filled. Its models"
    " get a column that is not there yet. Autogenerate writes the next revision, which is applied, given data, taken"
    " back, and applied again. Beside it autogenerate is asked about a column that was renamed.",
    measure="Operations proposed, rows changed, and parts of the schema that differ. The claim holds if exactly the"
    " new column is proposed, no row of the others changes on the way forward, back and forward, the downgrade leaves"
    " the schema as it was, and nothing is proposed in the end. Two limits: data of the column that do not come back"
    " with it, and a rename that is proposed as a drop and an addition. No margin: these are counts.",
)


def observe(run: Run) -> Iterator[Observation]:
    """Migrate, fill, and go forward, back and forward again."""
    database = run.workload.database
    with alembic_project(run, revisions=True) as project:
        project.alembic("upgrade", "head")
        with closing(connect(project.url)) as connection, connection.cursor() as cursor:
            database.seed(cursor, database.sizes)
        rows, schema = project.rows(ROWS.format(OLD)), set(project.rows(SCHEMA))
        project.import_models("from targets.claims.column_renamed import Base")
        yield _proposed(project, "a renamed column")
        project.forget_newest()
        project.import_models("from targets.claims.column_added import Base")
        yield _proposed(project, "a new column")

        def after(step: str) -> Observation:
            (count, found), (_, expected) = project.rows(ROWS.format(OLD))[0], rows[0]
            differing = len(schema ^ set(project.rows(SCHEMA)))
            values = {"rows": count, "rows kept": count if found == expected else 0, "schema differs": differing}
            return seen(step, "rows or parts of the schema", values)

        project.alembic("upgrade", "head")
        yield after("after the upgrade")
        project.rows("UPDATE users SET nickname = 'Nick'")
        project.alembic("downgrade", "-1")
        yield after("after the downgrade")
        project.alembic("upgrade", "head")
        yield after("after the second upgrade")
        ((kept,),) = project.rows("SELECT count(nickname) FROM users")
        yield seen("data of the column", "rows", {"written": rows[0][0], "back": kept})
        yield _proposed(project, "in the end")


def _proposed(project: AlembicProject, case: str) -> Observation:
    found = project.autogenerate("next")
    return seen(case, "operations", {"operations": len(found)}, proposed=", ".join(found) or "nothing")


TEST = ClaimTest(
    claim=CLAIM,
    observe=observe,
    libraries=("alembic", "sqlalchemy"),
    shows=(Shown(file="harness/experiments/claims/alembic_round_trip.py", names=("observe",)),),
)
