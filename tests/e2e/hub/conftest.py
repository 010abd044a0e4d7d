"""Databases for stories that run on both."""

from tests.services.databases import database, migrated_file, postgres

__all__ = ["database", "migrated_file", "postgres"]
