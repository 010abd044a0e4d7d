"""Reload: when the file changes or on SIGHUP. Valid: only the difference is applied. Invalid: the running one stays."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from tieline.bootstrap.hub import RunningHub
from tieline.bootstrap.loading import read_config
from tieline.config import ConfigError, needs_restart

_log = structlog.get_logger(__name__)
_LOOK_EVERY = 1.0
"""Seconds between looks at the file."""


class Reloader:
    """Watches one file for one hub."""

    def __init__(self, hub: RunningHub, path: Path) -> None:
        self._hub = hub
        self._path = path
        self._seen = self._stamp()
        self._asked = False
        self.error: ConfigError | None = None
        """Why the last reload was not taken; None: it was."""

    def ask(self) -> None:
        """Reload at the next look, changed or not."""
        self._asked = True

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            await self._hub.clock.sleep(_LOOK_EVERY)
            stamp = await asyncio.get_running_loop().run_in_executor(None, self._stamp)
            if self._asked or stamp != self._seen:
                self._asked, self._seen = False, stamp
                await self.reload()

    async def reload(self) -> tuple[str, ...]:
        """Reload now; answers what was changed. A wrong file changes nothing and is shown in the log."""
        try:
            config = read_config(self._path, self._hub.manifests)
            restart = needs_restart(self._hub.config, config)
            changed = await self._hub.apply(config)
        except ConfigError as error:
            self.error = error
            _log.error("reload_refused", problems=[str(problem) for problem in error.problems])
            return ()
        self.error = None
        for line in changed:
            _log.info("reloaded", change=line)
        if restart:
            _log.warning("restart_needed", settings=list(restart))
        return changed

    def _stamp(self) -> tuple[int, int]:
        try:
            found = self._path.stat()
        except OSError:
            return (0, 0)
        return (found.st_mtime_ns, found.st_size)
