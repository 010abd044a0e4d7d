"""Frozen values: the words of ``docs/glossary.md`` as types. No I/O, no asyncio, no clock. Next stop: ``ports``."""
