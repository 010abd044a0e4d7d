"""What ``tieline check --live`` finds out about a Slack channel.

Rule: everything that sending and receiving need is tried, nothing on the platform is changed, and every fault comes
with its mend. Next stop: a person reads it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from slack_sdk.web.async_client import AsyncWebClient

from tieline.errors import DeliveryError
from tieline.ports.abilities import Finding
from tieline_slack import places
from tieline_slack.app_manifest import SCOPES
from tieline_slack.config import Mode, Settings
from tieline_slack.errors import INVITE, translate
from tieline_slack.outbound import Outbound
from tieline_slack.shapes import mapping, text


class Checks:
    """Tries the credentials of one channel."""

    def __init__(self, api: AsyncWebClient, calls: Outbound, settings: Settings, public_url: str | None) -> None:
        self._api = api
        self._calls = calls
        self._settings = settings
        self._public_url = public_url

    async def run(self, conversations: Sequence[str]) -> Sequence[Finding]:
        """All findings; with a bad bot token only that one."""
        findings = [finding async for finding in self._bot_token()]
        if any(finding.level == "error" for finding in findings):
            return findings
        findings.extend([finding async for finding in self._transport()])
        findings.extend([await self._conversation(conversation) for conversation in conversations])
        return findings

    async def _bot_token(self) -> AsyncIterator[Finding]:
        try:
            answer = await self._api.auth_test()
        except Exception as error:  # noqa: BLE001 - translated, as everywhere
            yield _failed("bot_token", translate(error))
            return
        body = mapping(answer.data)
        yield Finding(level="ok", message=f"signed in to {text(body, 'team')} as @{text(body, 'user')}")
        granted = scopes(answer.headers)
        missing = [] if granted is None else [scope for scope in SCOPES if scope not in granted]
        for scope in missing:
            fix = f"add {scope} under OAuth & Permissions and reinstall the app (it is needed to {SCOPES[scope]})"
            yield Finding(level="error", message=f"the app lacks the scope {scope}", fix=fix)

    async def _transport(self) -> AsyncIterator[Finding]:
        if self._settings.mode is Mode.HTTP:
            fix = "set hub.public_url, and below it Slack's Request URL"
            url = self._public_url
            yield (
                Finding(level="ok", message=f"Slack sends events to {url}")
                if url
                else Finding(
                    level="warning", message="HTTP mode without a public URL: Slack cannot reach the hub", fix=fix
                )
            )
            return
        try:
            await self._api.apps_connections_open(app_token=self._settings.app_token or "")
        except Exception as error:  # noqa: BLE001 - translated, as everywhere
            yield _failed("app_token", translate(error))
        else:
            yield Finding(level="ok", message="Socket Mode is on")

    async def _conversation(self, conversation: str) -> Finding:
        try:
            channel = await places.info(self._calls, conversation)
        except DeliveryError as error:
            return _failed(conversation, error)
        if channel is None:
            fix = f"check the id; in a private channel {INVITE}"
            return Finding(
                level="error", message=f"Slack has no conversation {conversation} that the bot sees", fix=fix
            )
        if not places.is_member(channel):
            return Finding(level="error", message=f"the bot is not in {places.shown(channel)}", fix=INVITE)
        return Finding(level="ok", message=f"the bot is in {places.shown(channel)}")


def scopes(headers: object) -> frozenset[str] | None:
    """What the token may, as Slack says in each answer; None where it does not say."""
    items = getattr(headers, "items", dict[str, str]().items)()
    for name, value in items:
        if str(name).lower() == "x-oauth-scopes":
            return frozenset(scope.strip() for scope in str(value).split(",") if scope.strip())
    return None


def _failed(what: str, error: DeliveryError) -> Finding:
    return Finding(level="error", message=f"{what}: {error}", fix=error.fix)
