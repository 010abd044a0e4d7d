"""How messages are now: which are gone, what was edited, who has reacted, for what happened while nobody listened.

Rule: what the hub knows is looked for in as few reads as there are places: the stretch of the conversation that holds
it, and of each thread. What is not found there is asked for by itself before it counts as gone. At most
:data:`MOST_CALLS` reads; whatever keeps Slack from telling (a "slow down", the plan's limit, more threads than that)
raises, so that nothing is taken for deleted that is only unread.
Not promised: reactions on files whose message Slack has not named; those stand as they were sent, without reactions.
Next stop: :mod:`tieline.plugins.surveying` makes events of it.

Source: docs.slack.dev, "conversations.history", "conversations.replies", "reactions.get"; a thread's first message that
was deleted leaves a ``tombstone``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from tieline.errors import NotDispatched, Permanent
from tieline.model.delivery import Part
from tieline.model.inbound import InboundEdit, NativeAuthor
from tieline.ports.abilities import NativeState
from tieline_slack import emoji, ids, inbound
from tieline_slack.inbound import Me
from tieline_slack.names import Names, People
from tieline_slack.paging import PAGE, Read
from tieline_slack.shapes import flag, mapping, number, sequence, text
from tieline_slack.uploads import PREFIX

MOST_PARTS: Final = 100
MOST_CALLS: Final = 50
"""As often as Slack lets one method be called within a minute (tier 3). Names are asked for besides, twenty at most."""
_MOST_PAGES: Final = 3
"""Of one stretch; what lies behind them is asked for singly."""
_GONE: Final = frozenset({"thread_not_found", "part_gone"})
_TOMBSTONE: Final = "tombstone"

Message = Mapping[str, object]


async def survey(read: Read, names: Names, me: Me, conversation: str, parts: Sequence[Part]) -> Sequence[NativeState]:
    """The state of those of the newest hundred parts that are still there. Raises DeliveryError."""
    parts = parts[:MOST_PARTS]
    stretches = _Stretches(read, conversation)
    await _read_all(stretches, [part for part in parts if _has_ts(part)])
    there = [(part.native_id, message) for part in parts if (message := stretches.message(part)) is not None]
    reactions = [await _reactions(stretches, message) for _, message in there]
    named = [user for _, message in there if message.get("edited") for user in inbound.people_in(message)]
    named += [user for set_by in reactions for _, user in set_by]
    people = await names.look_up(user for user in named if user != me.user_id)
    return [
        NativeState(
            native_id=native_id,
            reactions=tuple(_told(set_by, me, people)),
            edited=_edit(conversation, native_id, message, me, people),
        )
        for (native_id, message), set_by in zip(there, reactions, strict=True)
    ]


def _edit(conversation: str, native_id: str, message: Message, me: Me, people: People) -> InboundEdit | None:
    """The last edit of a message; none of a part that only stands for its files."""
    return inbound.read_edit(conversation, message, me, people) if text(message, "ts") == native_id else None


async def _read_all(stretches: _Stretches, parts: Sequence[Part]) -> None:
    threads: defaultdict[str, list[str]] = defaultdict(list)
    for part in parts:
        threads[_thread(part)].append(part.native_id)
    for thread, stamps in threads.items():
        await stretches.read(thread, stamps, pages=_MOST_PAGES)
    for part in parts:
        thread = _thread(part)
        was_alone = thread in stretches.lost or len(threads[thread]) == 1
        if part.native_id not in stretches.found and not was_alone:
            await stretches.read(thread, [part.native_id], pages=1)
    if stretches.is_limited and any(part.native_id not in stretches.found for part in parts):
        raise Permanent("history_limited", "the workspace's plan hides older messages: are they gone?")


class _Stretches:
    """What was read of a conversation, and what it took."""

    def __init__(self, read: Read, conversation: str) -> None:
        self._read = read
        self._conversation = conversation
        self._calls = 0
        self.found: dict[str, Message] = {}
        self.lost: set[str] = set()
        """Threads of which nothing is left."""
        self.is_limited = False

    def message(self, part: Part) -> Message | None:
        """A part's message; an empty one where a part stands for files; None: it is gone."""
        if not _has_ts(part):
            return self._showing(part)
        message = self.found.get(part.native_id)
        return None if message is None or text(message, "subtype") == _TOMBSTONE else message

    async def read(self, thread: str, stamps: Collection[str], *, pages: int) -> None:
        """Read the stretch between these timestamps, of a thread or (empty) of the conversation itself."""
        method = "conversations.replies" if thread else "conversations.history"
        arguments = {
            "channel": self._conversation,
            "oldest": min(stamps, key=ids.order),
            "latest": max(stamps, key=ids.order),
            "inclusive": "true",
            "limit": str(PAGE if len(stamps) > 1 else _FEW),
            **({"ts": thread} if thread else {}),
        }
        for _ in range(pages):
            answer = await self._page(method, arguments, thread)
            self.found.update({text(message, "ts"): message for message in _messages(answer)})
            self.is_limited |= flag(answer, "is_limited")
            following = text(mapping(answer.get("response_metadata")), "next_cursor")
            if not following or all(stamp in self.found for stamp in stamps):
                return
            arguments = {**arguments, "cursor": following}

    async def call(self, method: str, arguments: Mapping[str, str]) -> Message:
        """One read, counted."""
        self._calls += 1
        if self._calls > MOST_CALLS:
            raise NotDispatched("too_many_reads", f"more than {MOST_CALLS} reads would tell how the messages are now")
        return await self._read(method, arguments)

    @property
    def conversation(self) -> str:
        """The conversation's id."""
        return self._conversation

    async def _page(self, method: str, arguments: Mapping[str, str], thread: str) -> Message:
        try:
            return await self.call(method, arguments)
        except Permanent as error:
            if not thread or error.code not in _GONE:
                raise
            self.lost.add(thread)
            return {}

    def _showing(self, part: Part) -> Message:
        """The message that was read and shows a part's file; nothing where none was."""
        wanted = part.native_id.removeprefix(PREFIX).partition(",")[0]
        for message in self.found.values():
            if any(text(mapping(file), "id") == wanted for file in sequence(message.get("files"))):
                return message
        return {}


_FEW: Final = 2
"""Asked for of one message: a thread's first message comes with every page of its replies."""


async def _reactions(stretches: _Stretches, message: Message) -> Sequence[tuple[str, str]]:
    """(emoji, user id) of all reactions; asked for where the message lists only some of the people."""
    listed = [mapping(one) for one in sequence(message.get("reactions"))]
    if any(number(one, "count") > len(sequence(one.get("users"))) for one in listed):
        place = {"channel": stretches.conversation, "timestamp": text(message, "ts"), "full": "true"}
        answer = await stretches.call("reactions.get", place)
        listed = [mapping(one) for one in sequence(mapping(answer.get("message")).get("reactions"))]
    return [
        (emoji.from_slack(text(one, "name")), user)
        for one in listed
        for user in sequence(one.get("users"))
        if isinstance(user, str) and user and text(one, "name")
    ]


def _told(set_by: Sequence[tuple[str, str]], me: Me, people: People) -> Iterator[tuple[str, NativeAuthor]]:
    for char, user in set_by:
        if user != me.user_id:
            profile = people.get(user)
            author = NativeAuthor(
                native_id=user,
                display=profile.display if profile else user,
                avatar=profile.avatar if profile else None,
                is_bot=profile.is_bot if profile else False,
            )
            yield char, author


def _messages(answer: Message) -> Iterator[Message]:
    return (mapping(message) for message in sequence(answer.get("messages")))


def _has_ts(part: Part) -> bool:
    return ids.order(part.native_id) != (0, 0)


def _thread(part: Part) -> str:
    """The root of the thread that a part stands in; empty for the conversation itself."""
    thread = part.thread_native or ""
    return "" if thread == part.native_id or ids.order(thread) == (0, 0) else thread
