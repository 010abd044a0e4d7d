"""What the hub knows of this adapter without importing it. Next stop: :mod:`tieline_simulated.adapter`."""

from __future__ import annotations

from tieline.ports.adapter import Manifest

MANIFEST = Manifest(
    name="simulated",
    summary="A conversation inside the process that looks and fails like a platform's: for the demo, no account needed",
    factory="tieline_simulated.adapter:create",
    settings="tieline_simulated.config:check",
)
