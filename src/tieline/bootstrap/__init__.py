"""The only place that wires things together.

:mod:`hub` makes a running hub of a configuration, :mod:`serving` runs it as a process until a signal, :mod:`reload`
watches its file, :mod:`demo` is the hub with simulated conversations, :mod:`offline` are the chores of the command
line that need a database but no hub.
"""

from tieline.bootstrap.hub import RunningHub
from tieline.bootstrap.live import check_live
from tieline.bootstrap.loading import read_config
from tieline.bootstrap.serving import serve

__all__ = ["RunningHub", "check_live", "read_config", "serve"]
