"""Claim 11: Alembic sees only models that env.py imports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.experiments.base import Run
from harness.experiments.claims.alembic_project import AlembicProject, alembic_project
from harness.experiments.claims.claim_test import ClaimTest, Shown
from harness.model.claims import Claim, Observation, seen

SHOP = "targets.claims.shop"
ROWS = 3
FILL = f"""
INSERT INTO customers (name) SELECT 'Customer ' || n FROM generate_series(1, {ROWS}) n;
INSERT INTO orders (customer_id, article) SELECT id, 'Something' FROM customers;
"""  # noqa: S608 - a number of our own

CLAIM = Claim(
    number=11,
    name="alembic_imports",
    says="env.py must import every model, or Alembic does not see their changes.",
    method="Two tables whose models live in modules of their own are migrated and filled. Then autogenerate is asked"
    " for the next revision: with all models imported, with one left out, with nothing but the base imported, and with"
    " a model added that no migration has made, imported and not. The revision made without one model is applied.",
    measure="Operations that autogenerate proposes, and rows that are left once they are applied. With all imported it"
    " must propose nothing, or the experiment is wrong. The claim holds if the model that was added is proposed when"
    " it is imported and not otherwise. No margin: these are counts.",
)


def imports(*modules: str) -> str:
    """Return lines of ``env.py`` that import the base and modules of models."""
    return "\n".join([f"from {SHOP} import {module}" for module in modules] + [f"from {SHOP}.base import Base"])


def proposed(project: AlembicProject, case: str, modules: Sequence[str]) -> Observation:
    """Ask for the next revision with these modules imported, and tell what it has."""
    project.import_models(imports(*modules))
    found = project.autogenerate("next")
    dropped = [one.partition(" ")[2] for one in found if one.startswith("drop_table")]
    made = [one.partition(" ")[2] for one in found if one.startswith("create_table")]
    values = {"operations": len(found), "tables dropped": len(dropped), "tables made": len(made)}
    return seen(case, "operations", values, proposed=", ".join(found) or "nothing")


def observe(run: Run) -> Iterator[Observation]:
    """Migrate and fill two tables, and ask for the next revision in each case."""
    with alembic_project(run, revisions=False) as project:
        yield proposed(project, "first revision", ("customers", "orders"))
        project.alembic("upgrade", "head")
        project.rows(FILL)
        for case, modules in (
            ("all imported", ("customers", "orders")),
            ("nothing but the base imported", ()),
            ("a new model, imported", ("customers", "orders", "invoices")),
            ("a new model, not imported", ("customers", "orders")),
        ):
            yield proposed(project, case, modules)
            project.forget_newest()
        yield proposed(project, "one not imported", ("customers",))
        project.alembic("upgrade", "head")
        tables = project.rows("SELECT count(*) FROM pg_tables WHERE tablename = 'orders'")
        yield seen("its revision applied", "rows of orders", {"before": ROWS, "after": ROWS * tables[0][0]})


TEST = ClaimTest(
    claim=CLAIM,
    observe=observe,
    libraries=("alembic", "sqlalchemy"),
    shows=(
        Shown(file="targets/claims/shop/orders.py", names=("Order",)),
        Shown(file="harness/experiments/claims/alembic_imports.py", names=("imports", "proposed")),
    ),
)
