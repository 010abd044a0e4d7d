"""Read a configuration with all adapters' judgement of their own settings."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from tieline.config import Config, load_config
from tieline.plugins.discovery import discover, validators
from tieline.plugins.runner import ConfiguredChannel
from tieline.ports.adapter import Manifest
from tieline.ports.channels import OnDoubt

WEB_CHANNEL = ConfiguredChannel(name="web", adapter="websocket", settings={})
"""The implicit channel of HTTP and the web socket."""


def read_config(
    path: Path, manifests: Mapping[str, Manifest] | None = None, env: Mapping[str, str] | None = None
) -> Config:
    """The configuration at ``path``. Raises :class:`~tieline.config.ConfigError` with everything that is wrong."""
    found = discover() if manifests is None else manifests
    return load_config(path, env=os.environ if env is None else env, adapters=validators(found))


def configured(config: Config) -> Sequence[ConfiguredChannel]:
    """The channels that a configuration enables, and the implicit one."""
    named = [
        ConfiguredChannel(
            name=name, adapter=channel.adapter, settings=dict(channel.settings), on_doubt=OnDoubt(channel.on_doubt)
        )
        for name, channel in config.channels.items()
        if channel.enabled
    ]
    return [WEB_CHANNEL, *named]
