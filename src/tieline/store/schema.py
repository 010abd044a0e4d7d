"""Which schema a database has, without loading Alembic: a hub starts in a fraction of the time that takes.

Rule: :data:`REVISIONS` lists the migrations from oldest to newest; a test compares it with the folder. Next stop:
:mod:`tieline.store.migrating`.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Connection, inspect

from tieline.errors import StoreError

REVISIONS = ("0001", "0002")
HEAD = REVISIONS[-1]


class SchemaState(StrEnum):
    """How a database's schema compares with this program's."""

    CURRENT = "current"
    BEHIND = "behind"
    NEWER = "newer"
    EMPTY = "empty"


def revision_of(connection: Connection) -> str | None:
    """The revision a database is at; None: it has none of our tables."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def compare(revision: str | None) -> SchemaState:
    """What a revision means for this program."""
    if revision is None:
        return SchemaState.EMPTY
    if revision == HEAD:
        return SchemaState.CURRENT
    return SchemaState.BEHIND if revision in REVISIONS else SchemaState.NEWER


def refuse_newer(revision: str | None) -> None:
    """Raise :class:`StoreError` for a database that a newer Tieline has written."""
    if compare(revision) is SchemaState.NEWER:
        raise StoreError(
            f"the database is newer than this Tieline: its schema is {revision}, this program knows up to {HEAD}",
            fix="install the newer Tieline again, or restore a backup made before the upgrade",
        )


def require_current(connection: Connection) -> None:
    """Raise :class:`StoreError` unless the schema is this program's."""
    revision = revision_of(connection)
    refuse_newer(revision)
    if compare(revision) is not SchemaState.CURRENT:
        raise StoreError("the database has not been migrated", fix="run: tieline migrate")
