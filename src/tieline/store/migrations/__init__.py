"""Alembic's folder: ``env.py`` and one file per step. A new step is also listed in :mod:`tieline.store.schema`."""
