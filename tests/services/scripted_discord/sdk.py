"""discord.py, imported where its warning cannot fail a test: it imports `audioop`, which Python 3.13 drops.

Whoever imports `discord` in a test imports it from here, or after here.
"""

import warnings

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
    import discord
    import discord.gateway
    import discord.http

__all__ = ["discord"]
