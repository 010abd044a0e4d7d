"""What the hub knows of this adapter without importing Discord's SDK.

Rule: nothing here imports discord. Next stop: :mod:`tieline_discord.adapter`.
"""

from __future__ import annotations

from tieline.model.channels import Trait
from tieline.model.rooms import AUTO
from tieline.ports.adapter import Manifest

MANIFEST = Manifest(
    name="discord",
    summary="Discord channels, threads and direct messages, through the gateway (no public URL) and webhooks",
    factory="tieline_discord.adapter:create",
    settings="tieline_discord.config:check",
    extra="discord",
    secrets=("bot_token",),
    endpoints=(AUTO, "webhook", "bot"),
    traits=(Trait.DIRECT,),
    simulator="tieline_discord.simulate:simulator",
)
