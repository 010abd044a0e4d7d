"""What the hub knows of this adapter without importing its libraries.

Rule: nothing here imports aioimaplib or aiosmtplib. Next stop: :mod:`tieline_email.adapter`.
"""

from __future__ import annotations

from tieline.model.channels import Trait
from tieline.ports.adapter import Manifest

MANIFEST = Manifest(
    name="email",
    summary="a mailbox that people write to and are written to from: IMAP in, SMTP out",
    factory="tieline_email.adapter:create",
    settings="tieline_email.config:check",
    extra="email",
    secrets=("password", "token_secret", "token", "client_secret", "refresh_token"),
    traits=(Trait.DIRECT, Trait.CONTACTS, Trait.WORDS),
    own="address",
    simulator="tieline_email.simulate:simulator",
)
