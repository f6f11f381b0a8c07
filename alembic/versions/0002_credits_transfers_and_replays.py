"""credits, transfers and replays"""

import sqlalchemy as sa

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def written() -> list[sa.Column]:
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("write_key", sa.String(length=32), nullable=False),
    ]


def upgrade() -> None:
    op.add_column("users", sa.Column("credits", sa.BigInteger(), server_default="0", nullable=False))
    op.create_check_constraint(op.f("ck_users_credits_not_negative"), "users", "credits >= 0")
    op.create_table(
        "transfers",
        sa.Column("from_user_id", sa.BigInteger(), nullable=False),
        sa.Column("to_user_id", sa.BigInteger(), nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        *written(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfers")),
    )
    op.create_index(op.f("ix_transfers_write_key"), "transfers", ["write_key"], unique=False)
    op.create_table(
        "replays",
        sa.Column("idempotency_key", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        *written(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replays")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_replays_idempotency_key")),
    )
    op.create_index(op.f("ix_replays_write_key"), "replays", ["write_key"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_replays_write_key"), table_name="replays")
    op.drop_table("replays")
    op.drop_index(op.f("ix_transfers_write_key"), table_name="transfers")
    op.drop_table("transfers")
    op.drop_constraint(op.f("ck_users_credits_not_negative"), "users", type_="check")
    op.drop_column("users", "credits")
