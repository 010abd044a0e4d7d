"""Attachments, actions and growing texts of messages; direct conversations of accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mime", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
    )
    for column, condition in (
        ("message_id", "message_id IS NOT NULL"),
        ("state", "state = 'receiving'"),
        ("expires_at", "expires_at IS NOT NULL"),
    ):
        op.create_index(
            op.f(f"ix_attachments_{column}"),
            "attachments",
            [column],
            sqlite_where=sa.text(condition),
            postgresql_where=sa.text(condition),
        )
    # New columns need a value for the rows that are there; a constant default costs no copy of the table.
    op.add_column("messages", sa.Column("attachments", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("messages", sa.Column("actions", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("messages", sa.Column("streaming", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("channels", sa.Column("direct", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("accounts", sa.Column("direct", sa.Text(), nullable=True))
    # Links and what they carried named the only endpoint there was; now its name is what it means.
    for table in ("links", "parts"):
        op.execute(f"UPDATE {table} SET via = 'auto' WHERE via = 'bot'")
    op.execute("UPDATE deliveries SET via = 'auto', lane = channel || '|' || conversation || '|auto' WHERE via = 'bot'")
