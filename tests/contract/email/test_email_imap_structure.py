"""Answers of IMAP servers are read totally, and a hollow mail reads like the whole one."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import quopri
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from tieline.errors import NotDispatched, Permanent
from tieline.testing.clock import VirtualClock
from tieline_email import structure
from tieline_email.config import OAuth, Server, Tls
from tieline_email.files import _Base64, _Quoted
from tieline_email.oauth import Tokens
from tieline_email.wire import Imap, folder_name


def test_an_answer_with_literals_is_read_by_name() -> None:
    lines: list[bytes | bytearray] = [
        b'1 FETCH (UID 5 FLAGS (\\Seen) RFC822.SIZE 12 INTERNALDATE "17-Jul-1996 02:44:25 -0700" BODY[HEADER] {4}',
        bytearray(b"a(b\r"),
        b" BODY[1.2]<0> {2}",
        bytearray(b"xy"),
        b")",
        b"* 2 EXISTS",
        b"* 2 FETCH (UID 6 BODY[] NIL)",
    ]
    first, second = structure.messages(lines)
    assert first["UID"] == b"5"
    assert first["BODY[HEADER]"] == b"a(b\r"
    assert first["BODY[1.2]"] == b"xy"
    assert second["UID"] == b"6"
    assert second["BODY[]"] is None


def test_a_structure_is_read_as_a_tree_with_paths() -> None:
    line = (
        b'((("text" "plain" ("charset" "utf-8") NIL NIL "quoted-printable" 30 2 NIL NIL NIL NIL)'
        b'("text" "html" ("charset" "utf-8") NIL NIL "7bit" 60 2 NIL ("inline" NIL) NIL NIL) "alternative" ("boundary" "b2"))'
        b'("application" "pdf" ("name" "plan (a.pdf") NIL NIL "base64" 2000000 NIL ("attachment" ("filename" "x")) NIL NIL)'
        b'"mixed" ("boundary" "b1") NIL NIL NIL)'
    )
    root = structure.structure(structure.parse([line])[0])
    assert [(one.path, one.mime) for one in root.walk()] == [
        ("", "multipart/mixed"),
        ("1", "multipart/alternative"),
        ("1.1", "text/plain"),
        ("1.2", "text/html"),
        ("2", "application/pdf"),
    ]
    assert [one.boundary for one in root.walk()][:2] == ["b1", "b2"]
    assert dict(structure.left_out(root)) == {"2": 2_000_000 * 57 // 78}
    asked = structure.sections(root)
    assert "BODY.PEEK[2.MIME]" in asked
    assert not [one for one in asked if one.startswith("BODY.PEEK[2]")]


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=80),
            st.binary(max_size=20).map(bytearray),
            st.sampled_from([b"(" * 300, b")" * 9, b"1 FETCH ((", b'"', b"{5}"]),
        ),
        max_size=12,
    )
)
def test_whatever_a_server_says_is_read(lines: list[bytes | bytearray]) -> None:
    for items in structure.messages(lines):
        for value in items.values():
            root = structure.structure(value)
            structure.hollow(root, items)
            structure.left_out(root)


@given(st.binary(max_size=3000), st.integers(1, 50))
def test_pieces_decode_to_the_whole(data: bytes, size: int) -> None:
    for coded, decoder in ((base64.encodebytes(data), _Base64()), (quopri.encodestring(data), _Quoted())):
        made = b"".join(decoder.take(coded[at : at + size]) for at in range(0, len(coded), size)) + decoder.end()
        assert made == data


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("INBOX", '"INBOX"'),
        ("A & B", '"A &- B"'),
        ("Entwürfe", '"Entw&APw-rfe"'),
        ('a"b', '"a\\"b"'),
        ("日本語", '"&ZeVnLIqe-"'),
    ],
)
def test_folders_are_named_as_imap_writes_them(name: str, written: str) -> None:
    """The Japanese one is RFC 3501's own example."""
    assert folder_name(name) == written


@asynccontextmanager
async def talk(answers: list[bytes]) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that says a greeting and an answer to each line: its port, and what it heard."""
    heard: list[bytes] = []
    talks: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answers[0])
        for answer in answers[1:]:
            heard.append(await reader.readline())
            writer.write(answer.replace(b"TAG", heard[-1].split(b" ")[0]))
        with contextlib.suppress(OSError):
            await reader.read()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.ensure_future(serve(reader, writer)))

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1]), heard
        await asyncio.wait_for(asyncio.gather(*talks), 5)
    finally:
        server.close()
        await server.wait_closed()


def local(port: int, tls: Tls = Tls.NONE) -> Server:
    return Server(host="127.0.0.1", port=port, tls=tls, username="hub", password="secret-pw")


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([b"* OK hi\r\n", b"TAG NO no TLS today\r\n"], Permanent),
        ([b"* OK hi\r\n", b"TAG OK go\r\n* OK [CAPABILITY IMAP4rev1] slipped in\r\n"], NotDispatched),
        ([b"* BYE full\r\n"], Permanent),
        ([b"* PREAUTH hi\r\n"], Permanent),
        ([b"x" * 20000], NotDispatched),
    ],
)
async def test_starttls_is_all_or_nothing(answers: list[bytes], error: type[Exception]) -> None:
    """What stands behind the answer to STARTTLS was slipped in by somebody on the line (CVE-2011-0411)."""
    async with talk(answers) as (port, heard):
        with pytest.raises(error):
            await Imap.open(local(port, Tls.STARTTLS), ssl.create_default_context(), None)
    assert not [line for line in heard if b"secret-pw" in line]


async def test_a_goodbye_instead_of_a_greeting_ends_at_once() -> None:
    async with talk([b"* BYE too many connections\r\n"]) as (port, _), asyncio.timeout(5):
        with pytest.raises(NotDispatched):
            await Imap.open(local(port), None, None)


async def test_a_server_that_forbids_passwords_is_not_told_one() -> None:
    capability = b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\nTAG OK done\r\n"
    async with talk([b"* OK hi\r\n", capability]) as (port, heard):
        with pytest.raises(Permanent, match="login_disabled"):
            await Imap.open(local(port), None, None)
    assert not [line for line in heard if b"secret-pw" in line]


async def test_a_token_is_got_kept_and_renewed() -> None:
    asked: list[dict[str, str]] = []

    async def give(request: web.Request) -> web.Response:
        asked.append({key: str(value) for key, value in (await request.post()).items()})
        if asked[-1]["refresh_token"] == "over":
            return web.json_response({"error": "invalid_grant", "error_description": "revoked"}, status=400)
        return web.json_response({"access_token": f"t{len(asked)}", "expires_in": 3600})

    app = web.Application()
    app.router.add_post("/token", give)
    runner = web.AppRunner(app)
    await runner.setup()
    sock = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, sock).start()
    url = f"http://127.0.0.1:{sock.getsockname()[1]}/token"
    clock = VirtualClock()
    try:
        tokens = Tokens(OAuth(client_id="c", client_secret="s", refresh_token="r", token_url=url), clock)
        assert [await tokens.current(), await tokens.current()] == ["t1", "t1"]
        await clock.advance(3500)
        assert await tokens.current() == "t2"
        tokens.refused()
        assert await tokens.current() == "t3"
        assert asked[0] == {"grant_type": "refresh_token", "client_id": "c", "refresh_token": "r", "client_secret": "s"}
        with pytest.raises(Permanent, match="oauth_invalid_grant") as caught:
            await Tokens(OAuth(client_id="c", refresh_token="over", token_url=url), clock).current()
        assert caught.value.stops_channel
    finally:
        await runner.cleanup()
    with pytest.raises(NotDispatched):
        await Tokens(OAuth(client_id="c", refresh_token="r", token_url=url), clock).current()
