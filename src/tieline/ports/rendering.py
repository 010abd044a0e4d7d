"""What the hub and adapters share of rendering: the dialect protocol and what is planned from a message.

The words are defined in :mod:`tieline.render.dialect`, because ``render`` stands below ``ports`` in the layers.
"""

from __future__ import annotations

from tieline.render.dialect import Condenses, Dialect, NativeNames, Plan, Rendered

__all__ = ["Condenses", "Dialect", "NativeNames", "Plan", "Rendered"]
