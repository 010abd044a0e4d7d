"""Tieline: a self-hosted chat gateway that joins channels and agents into rooms and loses nothing on the way.

This package imports nothing, so that `tieline --help` is quick. Next stop: `tieline.bootstrap`, which wires the parts.
"""

__version__ = "0.1.0"
