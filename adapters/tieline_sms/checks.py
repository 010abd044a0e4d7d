"""What ``tieline check --live`` finds out about a channel to phones.

Rule: everything that sending and receiving need is tried, nothing is sent or changed, and every fault comes with its
mend. An API key may not read the account: then that is said, not taken for a fault.
Next stop: a person reads it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final

from tieline.errors import DeliveryError
from tieline.ports.abilities import Finding
from tieline.ports.adapter import AdapterContext
from tieline_sms import ids, numbers
from tieline_sms.client import Api
from tieline_sms.config import Inbound, Settings
from tieline_sms.shapes import mapping, sequence, text

_MESSAGING: Final = "https://messaging.twilio.com"


class Checks:
    """Tries the settings of one channel."""

    def __init__(self, api: Api, settings: Settings, context: AdapterContext, way: Inbound) -> None:
        self._api = api
        self._settings = settings
        self._context = context
        self._way = way

    async def run(self, conversations: Sequence[str]) -> Sequence[Finding]:
        """All findings; with a bad credential only that one."""
        try:
            await self._api.can_read()
        except DeliveryError as error:
            return [Finding(level="error", message=f"Twilio refuses: {error}", fix=error.fix)]
        found = [await self._account()]
        found += await self._balance()
        found += [finding async for finding in self._sender()]
        found += self._public_address()
        return [*found, *(self._conversation(one) for one in conversations)]

    async def _account(self) -> Finding:
        try:
            account = await self._api.account()
        except DeliveryError:
            return Finding(level="ok", message="the credential is good; it may not read the account itself")
        status, name = text(account, "status"), text(account, "friendly_name")
        if status != "active":
            fix = "see console.twilio.com"
            return Finding(level="error", message=f"the account {name} is {status or 'in no known state'}", fix=fix)
        if text(account, "type") == "Trial":
            fix = "verify numbers at console.twilio.com, or upgrade"
            return Finding(level="warning", message="a trial account writes to verified numbers only", fix=fix)
        return Finding(level="ok", message=f"account {name} is active")

    async def _balance(self) -> list[Finding]:
        try:
            balance = await self._api.account("/Balance")
        except DeliveryError:
            return []
        amount, currency = text(balance, "balance"), text(balance, "currency")
        try:
            is_low = float(amount) <= 0
        except ValueError:
            return []
        level, fix = ("error", "add credit at console.twilio.com") if is_low else ("ok", "")
        return [Finding(level=level, message=f"balance: {amount} {currency}", fix=fix)]

    async def _sender(self) -> AsyncIterator[Finding]:
        own = self._settings.own
        try:
            if own.service is not None:
                async for finding in self._service(own.service):
                    yield finding
            elif own.address is not None and own.is_whatsapp(""):
                where = "console.twilio.com, Messaging, WhatsApp senders"
                yield Finding(level="ok", message=f"WhatsApp sender {own.address}: its webhook is shown at {where}")
            elif own.address is not None:
                async for finding in self._number(own.address):
                    yield finding
        except DeliveryError as error:
            yield Finding(level="warning", message=f"the sender cannot be checked: {error}", fix=error.fix)

    async def _number(self, number: str) -> AsyncIterator[Finding]:
        answer = await self._api.account("/IncomingPhoneNumbers", PhoneNumber=number)
        found = [mapping(one) for one in sequence(answer.get("incoming_phone_numbers"))]
        mine = next((one for one in found if text(one, "phone_number") == number), None)
        if mine is None:
            fix = "buy it, or set 'from' to a number of this account"
            yield Finding(level="error", message=f"the account has no number {number}", fix=fix)
            return
        can = mapping(mine.get("capabilities"))
        if can.get("sms") is False or can.get("SMS") is False:
            yield Finding(level="error", message=f"{number} cannot send SMS", fix="use a number with SMS")
        else:
            yield Finding(level="ok", message=f"{number} can send SMS")
        yield self._webhook(text(mine, "sms_url"), text(mine, "sms_method") or "POST", "its page, Messaging")

    async def _service(self, sid: str) -> AsyncIterator[Finding]:
        path = "/v1/Services/" if self._settings.api_url is None else "/messaging/v1/Services/"
        service = await self._api.get(f"{_MESSAGING}{path}{sid}", {})
        yield Finding(level="ok", message=f"Messaging Service {text(service, 'friendly_name')}")
        method = text(service, "inbound_method") or "POST"
        yield self._webhook(text(service, "inbound_request_url"), method, "the service's page, Integration")

    def _webhook(self, url: str, method: str, where: str) -> Finding:
        """Whether Twilio posts what people write to us."""
        wanted = ids.inbound_url(self._context.public_url or "", self._context.channel)
        if self._way is Inbound.POLL:
            return Finding(level="ok", message=f"texts are read from Twilio's list every {self._settings.poll} s")
        if url == wanted and method.upper() == "POST":
            return Finding(level="ok", message="Twilio posts texts to this hub")
        shown = f"{url} by {method}" if url else "nowhere"
        message = f"Twilio posts texts to {shown}, not to this hub"
        return Finding(level="error", message=message, fix=f"at console.twilio.com, {where}: POST {wanted}")

    def _public_address(self) -> list[Finding]:
        if self._context.public_url and self._settings.auth_token:
            return []
        needs = "hub.public_url" if not self._context.public_url else "auth_token"
        message = "what became of a text is read from the list only"
        level = "ok" if self._way is Inbound.POLL else "warning"
        return [Finding(level=level, message=message, fix=f"set {needs} to be told at once")]

    def _conversation(self, conversation: str) -> Finding:
        if numbers.address(conversation) == conversation:
            return Finding(level="ok", message=f"{conversation} is a number")
        fix = 'write "+15005550006", in quotes'
        return Finding(level="error", message=f"{conversation} is no number with its country code", fix=fix)
