"""The bus inside one process."""

import logging

import pytest

from tieline.ports.hub import Committed
from tieline.ports.local_bus import LocalBus

NOTHING = Committed(events=(), lanes=frozenset())


def test_listeners_are_told_in_order_until_they_are_removed() -> None:
    bus = LocalBus()
    heard: list[str] = []
    bus.subscribe(lambda _committed: heard.append("first"))
    remove = bus.subscribe(lambda _committed: heard.append("second"))
    bus.publish(NOTHING)
    remove()
    remove()
    bus.publish(NOTHING)
    assert heard == ["first", "second", "first"]


def test_a_listener_that_fails_is_logged_and_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    bus = LocalBus()
    heard: list[Committed] = []

    def failing(_committed: Committed) -> None:
        raise RuntimeError("on purpose")

    bus.subscribe(failing)
    bus.subscribe(heard.append)
    with caplog.at_level(logging.ERROR):
        bus.publish(NOTHING)
    assert heard == [NOTHING]
    assert "a listener of the bus failed" in caplog.text
