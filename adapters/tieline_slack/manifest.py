"""What the hub knows of this adapter without importing Slack's SDK.

Rule: nothing here imports slack_sdk or slack_bolt. Next stop: :mod:`tieline_slack.adapter`.
"""

from __future__ import annotations

from tieline.model.channels import Trait
from tieline.ports.adapter import Manifest

MANIFEST = Manifest(
    name="slack",
    summary="Slack channels and direct messages, through Socket Mode (no public URL) or signed HTTP events",
    factory="tieline_slack.adapter:create",
    settings="tieline_slack.config:check",
    extra="slack",
    traits=(Trait.DIRECT,),
    secrets=("bot_token", "app_token", "signing_secret"),
    simulator="tieline_slack.simulate:simulator",
)
