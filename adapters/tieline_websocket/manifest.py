"""What the hub knows of the web socket without importing it."""

from tieline.ports.adapter import Manifest

MANIFEST = Manifest(
    name="websocket",
    summary="The hub's own web socket, /ws: browsers, scripts and agents",
    factory="tieline_websocket.adapter:create",
    settings="tieline_websocket.config:check",
    inside=True,
)
