"""The scene: one morning of a small studio, on four channels at once, told in about a minute.

Only lines and their order; how they are spoken is :mod:`tieline.bootstrap.demo_cast`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tieline.model.rooms import MessageType

if TYPE_CHECKING:
    from tieline.bootstrap.demo_cast import Cast

YOUR_TURN: Final = (
    "Your turn. Type into any box and watch it arrive everywhere. "
    "Or cut Slack, write something, and put the line back: what waited arrives, in order."
)

FOUND: Final = """Found it. While its calendar is still open Safari hands the field over *empty*, and we take \
that for **no return trip**.

```ts
export function returnDate(field: HTMLInputElement, trip: Trip): Date | null {
  if (field.value === "" && trip.kind === "return") {
    return trip.requested ?? null; // Safari: "not chosen yet" is not "none"
  }
  return field.value ? new Date(field.value) : null;
}
```

- 16 tests pass, 2 of them are new
- the wrong bookings are `NB-2041` and `NB-2057`"""

BROKEN: Final = """[TASK_ID]: night-bus-014
[CURRENT_STATE]: in progress
[PAYLOAD_PATH]: /srv/night-bus/booking/dates.ts
[NEXT_HOP]: vigil"""

CLEARED: Final = """[TASK_ID]: night-bus-014
[CURRENT_STATE]: GATE_CLEARED
[PAYLOAD_PATH]: /srv/night-bus/booking/dates.ts
[NEXT_HOP]: @sam"""


async def play(cast: Cast) -> None:
    """The whole scene. Raises Missed where a channel is cut meanwhile."""
    await _the_fault(cast)
    await _the_answer(cast)
    await _the_packet(cast)
    await _the_end(cast)


async def _the_fault(cast: Cast) -> None:
    cast.act("People write where they are: Slack, e-mail, Discord. The room has all of it, and so has everybody else.")
    await cast.pause(1)
    cast.says("slack", "priya", "Morning! The *night bus* page drops the return date on iPhones. Can somebody look?")
    await cast.pause(4)
    cast.says("email", "sam", 'A customer wrote: "I chose the 14th, and the ticket says today."\n\nSam')
    await cast.pause(4)
    cast.says(
        "discord", "milo", "I can reproduce it, on Safari only. The date field comes back empty. @marcus, please?"
    )
    milo = await cast.seen("slack", "I can reproduce it")
    await cast.pause(2)
    priya = cast.pane("slack")
    priya.platform.mark(priya.native_of("priya"), milo.native_id, "👀", on=True)


async def _the_answer(cast: Cast) -> None:
    cast.act("Marcus, an AI agent on HTTP, was named: his inbox told him. He answers in the thread.")
    thread = await cast.asked("marcus")
    await cast.pause(2)
    await cast.posts("marcus", "Looking. I begin with `booking/dates.ts`.", MessageType.SYNC, thread=thread)
    await cast.pause(3)
    typo = cast.says("discord", "milo", "It brakes on the retrun trip only.")
    await cast.pause(3)
    discord = cast.pane("discord")
    discord.platform.change(discord.native_of("milo"), typo, "It breaks on the return trip only.")
    cast.act("Milo mended his words on Discord: see them change on Slack. Mail and phones cannot change what was sent.")
    await cast.pause(4)
    await cast.posts("marcus", FOUND, thread=thread)
    cast.act("A long answer with code, shown as well as each channel can. Mark any message to see how it fared where.")
    found = await cast.seen("slack", "Found it")
    await cast.pause(4)
    slack = cast.pane("slack")
    slack.platform.mark(slack.native_of("priya"), found.native_id, "🎉", on=True)
    cast.says("slack", "priya", "That is it. Ship it once @vigil is content.", thread=found.thread)
    await cast.pause(4)


async def _the_packet(cast: Cast) -> None:
    cast.act(
        "Marcus hands over, with a packet that has faults: the hub refused it and says how to mend it. Press Mend."
    )
    await cast.breaks("marcus", BROKEN)
    cast.act("Mended: the packet is in the room, and Vigil has it in its inbox.")
    await cast.pause(4)
    await cast.posts("vigil", CLEARED, MessageType.HANDOFF)
    await cast.pause(3)


async def _the_end(cast: Cast) -> None:
    cast.act("Priya is on the train now: the same person, another channel.")
    cast.says("phone", "priya", "On the train. Is it live?")
    await cast.pause(4)
    await cast.posts(
        "marcus", "Ship today, and refund `NB-2041` and `NB-2057`: agreed with @sam.", MessageType.DECISION
    )
    await cast.pause(3)
    await cast.posts("vigil", "Live. Errors of `/book` are back at 0.1 %, @priya.", MessageType.SYNC)
    await cast.pause(4)
