"""A platform inside the process, for ``tieline demo``: real parsing and rendering, no network and no account.

Start with :mod:`tieline_simulated.platform`.
"""
