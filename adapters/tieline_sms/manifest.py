"""What the hub knows of this adapter without importing Twilio's SDK.

Rule: nothing here imports twilio. Next stop: :mod:`tieline_sms.adapter`.
"""

from __future__ import annotations

from tieline.model.channels import Trait
from tieline.ports.adapter import Manifest

MANIFEST = Manifest(
    name="sms",
    summary="Phones: SMS and WhatsApp through Twilio, by signed webhooks or, without a public URL, by polling",
    factory="tieline_sms.adapter:create",
    settings="tieline_sms.config:check",
    extra="sms",
    secrets=("auth_token", "api_secret"),
    traits=(Trait.WORDS, Trait.KEEPS_STRANGERS, Trait.METERED),
    simulator="tieline_sms.simulate:simulator",
)
