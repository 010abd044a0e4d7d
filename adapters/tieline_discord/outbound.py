"""What goes to Discord: messages by webhook or bot, edits, deletions, reactions, and the look-up of what became of one.

Rule: one call that makes something each, and no retry inside. What must be there first (a webhook, a thread) is made
beforehand, and a failure of that is a failure before the message: it was certainly not sent. A webhook that is gone is
forgotten, and the lane's next attempt makes another. What is so already is success.
Not promised: a notice to one person alone; outside of interactions Discord has none, so it is said in the channel.
Next stop: :mod:`tieline_discord.errors` for failures, the hub's lane for outcomes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeVar
from urllib.parse import quote

from tieline.errors import DeliveryError, NotDispatched, Permanent, Uncertain
from tieline.model.delivery import Part
from tieline.model.rooms import AUTO
from tieline.ports.adapter import Outgoing, PartRef, Sent
from tieline_discord import emoji, errors, ids, permissions, render
from tieline_discord.calls import Calls
from tieline_discord.naming import named
from tieline_discord.places import State
from tieline_discord.shapes import mapping, text
from tieline_discord.threads import Threads, title
from tieline_discord.webhooks import Hook, Webhooks

Json = Mapping[str, object]
_T = TypeVar("_T")

REMEMBERED: Final = 5000
"""Messages of which we know who sent them: webhook or bot."""
_NOT_IN_POSTS: Final = frozenset({"nonce", "enforce_nonce", "message_reference"})


class Outbound:
    """The writing side of one bot."""

    def __init__(self, calls: Calls, state: State, webhooks: Webhooks, *, me: str, previews: bool = False) -> None:
        self._calls = calls
        self._state = state
        self._webhooks = webhooks
        self.me = me
        """Id of the bot's user."""
        self._previews = previews
        self._threads = Threads(calls, state)
        self._made: OrderedDict[str, tuple[str, bool]] = OrderedDict()
        self._keys: OrderedDict[str, Sent] = OrderedDict()
        self.told: Callable[[str, str, str], None] = _nobody
        """Hears what is wrong with a conversation: its id, the problem, the mend."""

    def has_webhook(self, conversation: str) -> bool:
        """True where people's talk can carry their own names."""
        if self._state.guild_of(conversation) is None or conversation in self._webhooks.refused:
            return False  # direct conversations have none; one that is not known is direct, or nothing we may use
        return not self._state.lacks(conversation, permissions.WEBHOOKS)

    def knows(self, native_id: str) -> bool:
        """True for a message that we sent a while ago."""
        return native_id in self._made

    def sent_under(self, key: str) -> Sent | None:
        """What a send under this key made, where it is remembered."""
        return self._keys.get(key)

    def found(self, outgoing: Outgoing, message: Json, channel: str, *, by_webhook: bool) -> Sent:
        """A send in doubt turned out to have made this message."""
        return self._sent(outgoing, message, channel, by_webhook=by_webhook)

    # ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def send(self, outgoing: Outgoing) -> Sent:
        """Make one message."""
        if self.by_webhook(outgoing):
            return await self._execute(outgoing)
        outgoing = self.as_bot(outgoing)
        conversation = outgoing.endpoint.conversation
        if self._state.is_forum(conversation) and outgoing.thread is None:
            return await self._post(outgoing)
        channel = await _before(self._threads.channel_of(outgoing))
        body = render.create(outgoing, as_webhook=False, previews=self._previews)
        needs = permissions.SEND if channel == conversation else permissions.SEND_IN_THREADS
        try:
            answer = await self._calls.call(
                "POST", f"/channels/{channel}/messages", json=body, files=outgoing.files, needs=needs
            )
        except Permanent as error:
            raise self._in_thread(error, channel, conversation) from error
        return self._sent(outgoing, mapping(answer), channel, by_webhook=False)

    def as_bot(self, outgoing: Outgoing) -> Outgoing:
        """What the bot says where a webhook would have shown the author's name."""
        talks = outgoing.endpoint.via == AUTO and outgoing.notice_for is None
        return named(outgoing) if talks and self.has_webhook(outgoing.endpoint.conversation) else outgoing

    def by_webhook(self, outgoing: Outgoing) -> bool:
        """Whether a message goes out under its author's name."""
        via, conversation = outgoing.endpoint.via, outgoing.endpoint.conversation
        if via == "bot" or self._state.guild_of(conversation) is None or outgoing.notice_for is not None:
            return False
        if via == "webhook":
            return True
        if outgoing.machine or outgoing.author is None:
            return False
        if self.has_webhook(conversation):
            return True
        self._tell_no_webhook(conversation)
        return False

    def _tell_no_webhook(self, conversation: str) -> None:
        refused = self._webhooks.refused.get(conversation)
        fix = refused.fix if refused else permissions.mend(permissions.WEBHOOKS)
        self.told(conversation, "without a webhook people's names stand in the text", fix)

    async def _execute(self, outgoing: Outgoing) -> Sent:
        conversation = outgoing.endpoint.conversation
        hook = await _before(self._hook(conversation, outgoing.endpoint.via))
        query = {"wait": "true"}
        name = None
        channel = conversation
        if self._state.is_forum(conversation) and outgoing.thread is None:
            name = title(outgoing.frame.text)
        else:
            channel = await _before(self._threads.channel_of(outgoing))
            query |= {"thread_id": channel} if channel != conversation else {}
        body = render.create(outgoing, as_webhook=True, previews=self._previews, thread_name=name)
        try:
            answer = await self._calls.call("POST", hook.path, json=body, query=query, files=outgoing.files, bot=False)
        except Permanent as error:
            if error.code == errors.NO_WEBHOOK:
                self._webhooks.forget(conversation)
                raise NotDispatched(error.code, "the webhook was removed: another is made") from error
            raise self._in_thread(error, channel, conversation) from error
        return self._sent(outgoing, mapping(answer), channel, by_webhook=True)

    async def _hook(self, conversation: str, via: str) -> Hook:
        try:
            return await self._webhooks.of(conversation)
        except Permanent as error:
            if via != "webhook" and error.code in {errors.REFUSED, errors.FULL, "missing_access"}:
                self._webhooks.refused[conversation] = error
                self._tell_no_webhook(conversation)
                raise NotDispatched(error.code, "the bot says it instead, with the name in the text") from error
            raise

    async def _post(self, outgoing: Outgoing) -> Sent:
        """Begin a post in a forum, as the bot."""
        forum = outgoing.endpoint.conversation
        message = render.create(outgoing, as_webhook=False, previews=self._previews)
        message = {name: value for name, value in message.items() if name not in _NOT_IN_POSTS}
        body = {"name": title(outgoing.frame.text), "message": message}
        answer = await self._calls.call(
            "POST", f"/channels/{forum}/threads", json=body, files=outgoing.files, needs=permissions.SEND
        )
        thread = text(mapping(answer), "id")
        self._state.add(mapping(answer))
        return self._sent(outgoing, {"id": thread, "channel_id": thread}, thread, by_webhook=False)

    def _in_thread(self, error: Permanent, channel: str, conversation: str) -> DeliveryError:
        """A thread that is gone is not the conversation's fault: it is begun anew."""
        if channel != conversation and error.code == "unknown_channel":
            self._threads.forget(channel)
            return NotDispatched("thread_gone", "the thread was removed: it is begun anew")
        return error

    def _sent(self, outgoing: Outgoing, message: Json, channel: str, *, by_webhook: bool) -> Sent:
        native_id = text(message, "id")
        if not native_id:
            raise Uncertain("bad_answer", "Discord answered without the message's id")
        conversation = outgoing.endpoint.conversation
        channel = text(message, "channel_id") or channel
        self._remember(native_id, channel, by_webhook=by_webhook)
        url = ids.permalink(self._state.guild_of(conversation), channel, native_id)
        sent = Sent(native_id=native_id, thread=None if channel == conversation else channel, url=url)
        self._keys[outgoing.key] = sent
        while len(self._keys) > REMEMBERED:
            self._keys.popitem(last=False)
        return sent

    def _remember(self, native_id: str, channel: str, *, by_webhook: bool) -> None:
        self._made[native_id] = (channel, by_webhook)
        while len(self._made) > REMEMBERED:
            self._made.popitem(last=False)

    # ── changing ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def edit(self, ref: PartRef, outgoing: Outgoing) -> None:
        """Write a part anew."""
        as_hook = render.update(outgoing, previews=self._previews)
        await self._change("PATCH", ref, as_hook, render.update(self.as_bot(outgoing), previews=self._previews))

    async def delete(self, ref: PartRef) -> None:
        """Remove a part; one that is gone already is gone."""
        try:
            await self._change("DELETE", ref, None, None)
        except Permanent as error:
            if error.code != errors.GONE:
                raise

    async def _change(self, method: str, ref: PartRef, as_hook: Json | None, as_bot: Json | None) -> None:
        """As whoever sent it: known, or tried, the webhook first."""
        conversation, native_id = ref.endpoint.conversation, ref.part.native_id
        channel, known = self._made.get(native_id, (self.channel_of(ref), None))
        may_be_hook = known is True or (known is None and ref.endpoint.via != "bot")
        if may_be_hook and await self._as_webhook(method, conversation, channel, native_id, as_hook):
            return
        try:
            await self._calls.call(method, f"/channels/{channel}/messages/{native_id}", json=as_bot)
        except Permanent as error:
            if error.code == errors.REFUSED:  # a message that a former webhook of ours wrote
                detail = "a webhook that is gone sent it: only 'Manage Messages' could remove it"
                raise Permanent("not_own_message", detail) from error
            raise await self._in_its_thread(error, channel, conversation) from error

    async def _as_webhook(
        self, method: str, conversation: str, channel: str, native_id: str, body: Json | None
    ) -> bool:
        """True if it was done; False: it is not the webhook's."""
        hook = await _before(self._webhooks.there(conversation))
        if hook is None:
            return False
        query = {"thread_id": channel} if channel != conversation else None
        try:
            await self._calls.call(method, f"{hook.path}/messages/{native_id}", json=body, query=query, bot=False)
        except Permanent as error:
            if error.code == errors.NO_WEBHOOK:
                self._webhooks.forget(conversation)
                return False
            if error.code == errors.GONE:
                return False
            raise await self._in_its_thread(error, channel, conversation) from error
        self._remember(native_id, channel, by_webhook=True)
        return True

    async def react(self, ref: PartRef, char: str, *, on: bool) -> None:
        """Set or take back the bot's reaction."""
        native_id = ref.part.native_id
        channel = self.channel_of(ref)
        name = emoji.to_rest(char, self._state.emoji(ref.endpoint.conversation))
        if name is None:
            raise Permanent("not_showable", f"the server has no emoji {char}", fix="use another emoji")
        path = f"/channels/{channel}/messages/{native_id}/reactions/{quote(name, safe='')}/@me"
        try:
            await self._calls.call("PUT" if on else "DELETE", path, needs=permissions.ADD_REACTIONS)
        except Permanent as error:
            if on or error.code != "not_showable":
                raise await self._in_its_thread(error, channel, ref.endpoint.conversation) from error

    async def _in_its_thread(self, error: Permanent, channel: str, conversation: str) -> DeliveryError:
        """What stood in a thread that is gone is gone too; an archived one is opened for the next attempt."""
        if error.code == "unknown_channel" and channel != conversation:
            return Permanent(errors.GONE, "its thread was removed")
        if error.code == errors.ARCHIVED and await self._threads.reopen(channel):
            return NotDispatched(error.code, "the thread was archived: it is open again")
        return error

    def channel_of(self, ref: PartRef) -> str:
        """The channel or thread that a part stands in."""
        return self.place_of(ref.part, ref.endpoint.conversation)

    def place_of(self, part: Part, conversation: str) -> str:
        """The channel or thread of a conversation's part."""
        if part.native_id in self._made:
            return self._made[part.native_id][0]
        if part.thread_native and part.thread_native != part.native_id:
            return part.thread_native
        return part.native_id if self._state.is_forum(conversation) else conversation


def _nobody(conversation: str, problem: str, fix: str) -> None:
    """Before there is a session."""


async def _before(step: Awaitable[_T]) -> _T:
    """A step before the message: in doubt about it, the message was still not sent."""
    try:
        return await step
    except Uncertain as error:
        raise NotDispatched(error.code, error.detail, fix=error.fix) from error
