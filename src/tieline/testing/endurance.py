"""The part of the contract that concerns what goes wrong for a while: lost connections, restarts, a busy hub, odd text.

Rule: nothing that people wrote is lost or told twice by it, and nothing they write can command the connection.
Next stop: :mod:`tieline.testing.contract`, whose part this is.
"""

from __future__ import annotations

import msgspec

from tieline.errors import HubBusy
from tieline.ports.abilities import History
from tieline.testing.bench import Bench, HangsUp, NotApplicable, eventually, is_message
from tieline.testing.session import RecordingSession
from tieline.testing.tying import Provable, proves, proves_alone

LINES = ("first line", "QUIT :second line", "/me third line", ":fourth line", ".")
"""What would end a connection or a message in some protocols, were it not text."""


class EnduranceContract:
    """Inherited by every contract."""

    @proves("ADP-008")
    async def test_a_lost_connection_is_told_and_made_again(self: Provable, bench: Bench) -> None:
        """By the adapter itself: connect is not called a second time."""
        if not isinstance(bench.platform, HangsUp):
            raise NotApplicable("the stand-in has no hang_up()")
        await bench.platform.hang_up()
        session = bench.session
        await eventually(lambda: bool(session.downs), "session.went_down is called when the connection is lost")
        await eventually(lambda: session.ups > 0, "session.came_up is called when the connection is back")
        assert bench.adapter.is_connected(), "came_up was called, but is_connected() is False"
        await bench.follow()
        await bench.wrote("ana", "are you back?")
        sent = await bench.send("yes")
        assert "yes" in (await bench.message(sent.native_id)).text

    @proves_alone("ADP-012")
    async def test_the_same_words_after_a_restart_are_another_message(self: Provable) -> None:
        """Ids that count from one, or are made of the text, would be taken for repeats, and dropped."""
        ids: list[str] = []
        async with self.platform() as platform:
            for _ in range(2):
                bench = Bench(self.make_adapter(platform), platform, RecordingSession())
                try:
                    await bench.connect()
                    ids += [(await bench.wrote("ana", "ok")).native_id]
                    await platform.write("ana", "ok")
                    await eventually(lambda bench=bench: len(bench.messages()) > 1, "both messages are handed over")  # type: ignore[misc]
                    ids += [bench.messages()[1].native_id]
                finally:
                    await bench.adapter.disconnect()
        assert len(set(ids)) == len(ids), f"a native id stands for two messages: {ids}"

    @proves("ADP-018")
    async def test_what_the_hub_could_not_take_is_not_lost(self: Provable, bench: Bench) -> None:
        """``receive`` raises once. Where there is history, the hub reads it again from there before it goes on."""
        if isinstance(bench.adapter, History):
            raise NotApplicable("the hub reads it from history")
        bench.session.failures.append(HubBusy("busy", retry_after=0.05))
        first = await bench.platform.write("ana", "when the hub was busy")
        await bench.wrote("ana", "afterwards")
        await eventually(
            lambda: any(is_message(event, first, "when the hub was busy") for event in bench.session.events),
            "what receive raised at is handed over again: there is no history to read it from",
        )

    @proves("ADP-027")
    async def test_no_line_of_a_text_is_taken_for_a_command(self: Provable, bench: Bench) -> None:
        """Protocols of lines take a line break in a text for the end of their command."""
        for end in ("\n", "\r\n"):
            outgoing = bench.outgoing("x")
            frame = msgspec.structs.replace(outgoing.frame, text=end.join(LINES), units=len(end.join(LINES)))
            await bench.adapter.send(msgspec.structs.replace(outgoing, frame=frame))
        everything = "\n".join(one.text for one in await bench.platform.shown())
        missing = [line for line in LINES if everything.count(line) < 2]  # noqa: PLR2004 - sent twice
        assert not missing, f"not shown as text: {missing} in {everything!r}"
        assert bench.adapter.is_connected(), "the text ended the connection"
        sent = await bench.send("still there")
        assert "still there" in (await bench.message(sent.native_id)).text
