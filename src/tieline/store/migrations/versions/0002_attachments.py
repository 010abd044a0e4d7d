"""Attachments, actions, direct conversations; alerts and their climbs; consent, what is kept aside, usage, policies."""

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
    _alerts()
    _keeping()
    # New columns need a value for the rows that are there; a constant default costs no copy of the table.
    op.add_column("messages", sa.Column("attachments", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("messages", sa.Column("actions", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("messages", sa.Column("hops", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("messages", sa.Column("streaming", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("channels", sa.Column("traits", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("channels", sa.Column("own", sa.Text(), nullable=True))
    op.add_column("deliveries", sa.Column("code", sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("direct", sa.Text(), nullable=True))
    # Links and what they carried named the only endpoint there was; now its name is what it means.
    for table in ("links", "parts"):
        op.execute(f"UPDATE {table} SET via = 'auto' WHERE via = 'bot'")
    op.execute("UPDATE deliveries SET via = 'auto', lane = channel || '|' || conversation || '|auto' WHERE via = 'bot'")


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _index(table: str, columns: list[str], where: str | None = None, *, unique: bool = False) -> None:
    condition = None if where is None else sa.text(where)
    name = op.f(f"ix_{table}_{'_'.join(columns)}")
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def _alerts() -> None:
    op.create_table(
        "alerts",
        *(_text(name) for name in ("id", "room_id", "message_id", "summary", "severity", "details")),
        *(_text(name) for name in ("dedup_key", "source", "state")),
        _number("count"),
        _text("by", nullable=True),
        _text("via", nullable=True),
        _number("answered_at", nullable=True),
        _number("closed_at", nullable=True),
        _number("created_at"),
        _number("updated_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    _index("alerts", ["message_id"], unique=True)
    _index("alerts", ["dedup_key"], "dedup_key <> ''")
    _index("alerts", ["state", "created_at"])
    op.create_table(
        "climbs",
        *(_text(name) for name in ("id", "subject", "message_id", "member_id")),
        _number("rung"),
        _number("due_at"),
        _text("state"),
        _text("reached"),
        *(_number(name) for name in ("turn", "created_at", "updated_at")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_climbs")),
    )
    _index("climbs", ["subject"])
    _index("climbs", ["due_at"], "state = 'climbing'")
    op.create_table(
        "reply_codes",
        *(_text(name) for name in ("channel", "conversation", "code", "message_id")),
        _number("given_at"),
        sa.PrimaryKeyConstraint("channel", "conversation", "code", name=op.f("pk_reply_codes")),
    )


def _keeping() -> None:
    op.create_table(
        "consents",
        _text("channel"),
        _text("conversation"),
        _number("wanted"),
        _text("word"),
        _number("at"),
        sa.PrimaryKeyConstraint("channel", "conversation", name=op.f("pk_consents")),
    )
    op.create_table(
        "kept",
        *(_text(name) for name in ("id", "channel", "conversation", "native_id", "author", "author_native")),
        _text("text"),
        _text("reason"),
        _text("room_id", nullable=True),
        _text("thread", nullable=True),
        _text("state"),
        _number("at"),
        _text("decided_by", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept")),
    )
    _index("kept", ["state", "at"])
    op.create_table(
        "originals",
        _text("message_id"),
        _text("text"),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_originals")),
    )
    op.create_table(
        "usage",
        _text("channel"),
        _text("conversation"),
        _text("day"),
        _number("units"),
        _number("messages"),
        sa.PrimaryKeyConstraint("channel", "conversation", "day", name=op.f("pk_usage")),
    )
    op.create_table(
        "policies",
        *(_text(name) for name in ("id", "ladder", "on_call", "notify", "gates")),
        _number("audit_after_hops"),
        _number("accept_within"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
    )
