"""What is known of the adapter without Slack: settings, manifests, the demo's simulator, golden requests."""

import json
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from tests.contract.slack.slack_making import make, outgoing
from tests.services.slack_session import plain_text
from tieline.errors import Misconfigured
from tieline.model.capabilities import Support
from tieline.model.inbound import InboundMessage
from tieline.model.message import Author
from tieline.ports import abilities
from tieline_slack import config, render
from tieline_slack.config import Mode
from tieline_slack.manifest import MANIFEST
from tieline_slack.simulate import simulator

GOOD = {"bot_token": "xoxb-1", "app_token": "xapp-1"}


@pytest.mark.parametrize(
    ("settings", "path", "word"),
    [
        ({"app_token": "xapp-1"}, ("bot_token",), "xoxb-"),
        ({**GOOD, "pace": 0}, ("pace",), "number"),
        ({"bot_token": "xoxb-1"}, (), "signing_secret"),
        ({**GOOD, "bot_token": "xapp-1"}, ("bot_token",), "OAuth"),
        ({**GOOD, "app_token": "xoxb-1"}, ("app_token",), "App-Level"),
        ({**GOOD, "bot_token": 17}, ("bot_token",), "xoxb-"),
        ({**GOOD, "mode": "http"}, ("mode",), "signing_secret"),
        ({"bot_token": "xoxb-1", "signing_secret": "s", "mode": "socket"}, ("mode",), "app_token"),
        ({**GOOD, "mode": "carrier pigeon"}, ("mode",), "auto"),
        ({**GOOD, "api_url": "http://slack.example/api"}, ("api_url",), "leave it out"),
        ({**GOOD, "api_url": "https://[::1"}, ("api_url",), "leave it out"),
        ({**GOOD, "edit_window": "a while"}, ("edit_window",), "5m"),
        ({**GOOD, "previews": "yes"}, ("previews",), "true or false"),
        ({**GOOD, "bot_tokn": "xoxb-1"}, ("bot_tokn",), "bot_token"),
    ],
)
def test_a_wrong_setting_is_named_with_its_mend(settings: dict[str, object], path: tuple[str, ...], word: str) -> None:
    (problem,) = config.check(settings)
    assert problem.path == path
    assert word in problem.fix
    with pytest.raises(Misconfigured):
        make(settings)


def test_all_faults_are_told_at_once() -> None:
    assert len(config.check({"bot_token": "x", "app_token": "y", "mode": "z", "w": 1})) == 4


def test_the_mode_follows_from_what_is_given() -> None:
    signed = {"bot_token": "xoxb-1", "signing_secret": "s"}
    assert config.load(GOOD).mode is Mode.SOCKET
    assert config.load(signed).mode is Mode.HTTP
    assert config.load({**signed, **GOOD}).mode is Mode.SOCKET
    assert config.load({**signed, **GOOD, "mode": "http"}).mode is Mode.HTTP
    assert config.load({**GOOD, "edit_window": "5m", "api_url": "https://s.example/api"}).edit_window == 300
    assert config.load({**GOOD, "api_url": "http://127.0.0.1:1/api"}).is_local


def test_the_manifest_and_the_settings_are_read_without_slacks_sdk() -> None:
    code = "import sys, tieline_slack.manifest, tieline_slack.config; print([m for m in sys.modules if 'slack_' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found = [name for name in json.loads(done.stdout.replace("'", '"')) if name.startswith(("slack_sdk", "slack_bolt"))]
    assert found == []
    assert MANIFEST.name == "slack" and set(MANIFEST.secrets) == {"bot_token", "app_token", "signing_secret"}


def test_an_adapter_has_the_abilities_it_declares_and_routes_only_in_http_mode() -> None:
    socket, http = make(GOOD), make({"bot_token": "xoxb-1", "signing_secret": "s"})
    for ability in (
        abilities.Edits,
        abilities.Deletes,
        abilities.Reacts,
        abilities.History,
        abilities.Looks,
        abilities.Resolves,
        abilities.Checks,
        abilities.HttpRoutes,
    ):
        assert isinstance(socket, ability)
    assert not isinstance(socket, abilities.Types), "bots cannot show that somebody types"
    assert socket.routes() == () and [route.path for route in http.routes()] == ["events", "interactions"]


def test_capabilities_are_modest_before_slack_was_asked() -> None:
    known = make({**GOOD, "edit_window": "24h"}).capabilities(outgoing("x").endpoint)
    assert known.identity.level is Support.FALLBACK
    assert (known.text.max, known.dialect, known.edit.max_age) == (4000, "slack", 86400)
    assert known.typing is Support.REJECTED and known.mention.broadcast is Support.REJECTED


def test_what_is_posted_is_exactly_this() -> None:
    assert render.post(outgoing("*hi* &lt;3", thread="1.1")) == {
        "channel": "C01GEN",
        "text": "*hi* &lt;3",
        "parse": "none",
        "link_names": False,
        "mrkdwn": True,
        "unfurl_links": False,
        "unfurl_media": False,
        "metadata": {"event_type": "tieline_delivery", "event_payload": {"key": "dlv_1:0", "delivery": "dlv_1"}},
        "username": "Priya",
        "icon_url": "https://img.example/p.png",
        "thread_ts": "1.1",
    }
    assert render.post(outgoing("x"), previews=True)["unfurl_links"] is True
    assert "username" not in render.post(outgoing("x", author=None))
    long = render.post(outgoing("x", author=Author(handle=None, kind="guest", display="n" * 99, avatar="http://x/y")))
    assert long["username"] == "n" * 80 and "icon_url" not in long


def test_the_simulator_reads_what_is_typed_as_slack_would_send_it() -> None:
    event = simulator().typed("C1", "alice", "*ship* <!channel> & go", "1700000000.000100", thread="1.1")
    assert isinstance(event, InboundMessage)
    assert (event.author.display, event.author.is_self, event.thread) == ("alice", False, "1.1")
    assert plain_text(event.content) == "ship <!channel> & go"


class Tags(HTMLParser):
    """Which elements a text has."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)


def test_the_simulator_shows_what_is_sent_as_harmless_html() -> None:
    mallory = Author(handle=None, kind="guest", display="<script>alert(1)</script>")
    shown = simulator().shown(
        outgoing("*bold* &lt;img src=x onerror=alert(1)&gt; <https://example.org|page>", author=mallory)
    )
    tags = Tags()
    tags.feed(shown)
    assert tags.found <= {"div", "b", "p", "strong", "a"}
    assert "strong" in tags.found and "a" in tags.found
