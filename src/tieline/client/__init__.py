"""The asynchronous client of a hub, for agents, scripts and the command line.

::

    async with Client("http://127.0.0.1:8080", token) as hub:
        await hub.post("studio", "hello")
        async for event in hub.tail("studio", after=0):
            print(event.seq, event)

It imports the model and the errors of Tieline, nothing of the hub itself. Next stop: :mod:`tieline.client.hub`.
"""

from tieline.client.answers import Uploaded
from tieline.client.hub import Client
from tieline.client.problem import ClientError
from tieline.client.stream import AttachmentEvent, Change, InboxEvent, MessageEvent, Resynced, TailEvent

__all__ = [
    "AttachmentEvent",
    "Change",
    "Client",
    "ClientError",
    "InboxEvent",
    "MessageEvent",
    "Resynced",
    "TailEvent",
    "Uploaded",
]
