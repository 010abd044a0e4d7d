"""Attachments over HTTP, against a running hub. Rules: docs/api.md, "Attachments"; RFC 6266, 7578, 9110."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import re
import socket
import tracemalloc
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import aiohttp
import pytest

from tests.contract.api.house import House, furnish, open_house
from tieline.api.login import new_login_code
from tieline.api.services import ApiSettings
from tieline.files.local import LocalFiles
from tieline.model.attachments import Attachment, FileState
from tieline.model.commands import CreateAttachment
from tieline.model.members import Actor, Level

MIB = 1024 * 1024


def files_of(house: House) -> Path:
    assert isinstance(house.services.files, LocalFiles)
    return house.services.files._folder


def bytes_kept(house: House) -> list[str]:
    """Names of all files, unfinished ones too."""
    return sorted(file.name for file in files_of(house).rglob("*") if file.is_file())


async def fetched(
    house: House, file_id: str, handle: str = "bob", **headers: str
) -> tuple[int, bytes, Mapping[str, str]]:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    async with house.call("GET", f"/attachments/{file_id}", handle, headers=names) as answer:
        return answer.status, await answer.read(), answer.headers


# ── uploads ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_raw_upload_is_answered_with_what_was_kept(house: House) -> None:
    data = os.urandom(300_000)
    headers = {"Content-Type": "image/png; charset=x"}
    status, made = await house.json(
        "POST", "/attachments", "bob", data=data, params={"name": "a b.png"}, headers=headers
    )
    assert status == 201
    assert set(made) == {"id", "name", "mime", "size", "sha256", "expires_at"}
    assert (made["name"], made["mime"], made["size"]) == ("a b.png", "image/png", len(data))
    assert made["sha256"] == hashlib.sha256(data).hexdigest()
    kept = await house.store.reader.attachment(made["id"])
    assert kept is not None
    assert kept.expires_at is not None
    assert kept.expires_at - kept.created_at == 86_400_000
    assert bytes_kept(house) == [made["id"]]
    assert (await fetched(house, made["id"]))[1] == data


async def test_a_form_is_the_same_with_a_name_of_its_own(house: House) -> None:
    form = aiohttp.FormData(quote_fields=False)  # as browsers write names
    form.add_field("file", b"%PDF-1.7 " + b"x" * 600_000, filename="Grüße %22x%22.pdf", content_type="application/pdf")
    status, made = await house.json("POST", "/attachments", "bob", data=form)
    assert (status, made["name"], made["mime"], made["size"]) == (201, 'Grüße "x".pdf', "application/pdf", 600_009)
    assert (await fetched(house, made["id"]))[1].startswith(b"%PDF-1.7 xxx")


@pytest.mark.parametrize("fields", [0, 2])
async def test_a_form_has_exactly_one_part(house: House, fields: int) -> None:
    boundary = "b" * 20
    part = f'--{boundary}\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nhello\r\n'
    body = part * fields + f"--{boundary}--\r\n"
    status, problem = await house.json(
        "POST", "/attachments", data=body, headers={"Content-Type": f"multipart/form-data; boundary={boundary}"}
    )
    assert (status, problem["code"]) == (422, "invalid_body")
    assert bytes_kept(house) == []


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=" + "b" * 71, b"x"),
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", b"no boundary at all\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: ;;;\r\n\r\nx"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="f"\r\n\r\nnever ended'),
        ("multipart/form-data; boundary=b", b"--b\r\nnot a header\r\n\r\nx\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\n" + b"X: y\r\n" * 500 + b"\r\nx\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Transfer-Encoding: base64\r\n\r\neA==\r\n--b--\r\n"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::aiohttp.multipart.BadContentDispositionHeader")
async def test_a_broken_form_is_a_problem_and_keeps_nothing(house: House, kind: str, body: bytes) -> None:
    status, problem = await house.json("POST", "/attachments", data=body, headers={"Content-Type": kind})
    assert (status, problem["code"]) in ((400, "malformed_body"), (422, "invalid_body")), problem
    assert bytes_kept(house) == []


async def test_the_empty_file_is_a_file(house: House) -> None:
    made = await house.upload(b"", "nothing.txt")
    assert (made["size"], made["mime"]) == (0, "text/plain")
    status, body, headers = await fetched(house, made["id"], Range="bytes=0-")
    assert (status, headers["Content-Range"]) == (416, "bytes */0")
    assert b"range_not_satisfiable" in body
    status, body, _ = await fetched(house, made["id"])
    assert (status, body) == (200, b"")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("../../../etc/passwd", "passwd"),
        ("..\\..\\evil.exe", "evil.exe"),
        ("/abs/olute", "olute"),
        ("..", "file"),
        ("...", "file"),
        ("a\r\nSet-Cookie: x=y", "aSet-Cookie: x=y"),
        ('q"uo\\te', "te"),
        ("\u202egnp.exe", "gnp.exe"),
        ("日本 語.txt", "日本 語.txt"),
        ("%2e%2e%2fx", "%2e%2e%2fx"),
        ("x" * 4096 + ".png", "x" * 196 + ".png"),
        ("", "file"),
    ],
)
async def test_hostile_names_are_names_and_nothing_else(house: House, written: str, kept: str) -> None:
    made = await house.upload(b"x", written)
    assert made["name"] == kept
    assert bytes_kept(house) == [made["id"]]
    _, _, headers = await fetched(house, made["id"])
    shown = headers["Content-Disposition"]
    assert "Set-Cookie" not in headers
    assert re.fullmatch(r"attachment; filename=\"[^\"\\/]*\"; filename\*=UTF-8''[\w%.~-]+", shown), shown
    assert unquote(shown.rpartition("''")[2]) == kept


async def test_a_name_may_stand_in_content_disposition(house: House) -> None:
    headers = {"Content-Disposition": "attachment; filename*=UTF-8''" + quote("€.csv")}
    status, made = await house.json("POST", "/attachments", "bob", data=b"1;2", headers=headers)
    assert (status, made["name"], made["mime"]) == (201, "€.csv", "text/csv")


async def test_a_name_with_a_nul_is_refused(house: House) -> None:
    assert (await house.json("POST", "/attachments?name=a%00b", "bob", data=b"x"))[0] == 400


async def test_the_limit_holds_by_its_header_and_by_what_comes(database: str) -> None:
    async def unknown_length(size: int) -> AsyncIterator[bytes]:
        for _ in range(size // 1000):
            yield b"x" * 1000

    async with open_house(database, settings=ApiSettings(max_upload=100_000, max_body=1000)) as house:
        await furnish(house)
        status, problem = await house.json("POST", "/attachments", "bob", data=b"x" * 100_001)
        assert (status, problem["code"]) == (413, "too_large")
        assert "100000" in problem["detail"]
        assert bytes_kept(house) == []
        status, problem = await house.json("POST", "/attachments", "bob", data=unknown_length(101_000))
        assert (status, problem["code"]) == (413, "too_large")
        assert bytes_kept(house) == []
        status, made = await house.json("POST", "/attachments", "bob", data=unknown_length(100_000))
        assert (status, made["size"]) == (201, 100_000)
        form = aiohttp.FormData()
        form.add_field("file", b"x" * 100_000, filename="a")
        assert (await house.json("POST", "/attachments", "bob", data=form))[0] == 201
        form = aiohttp.FormData()
        form.add_field("file", b"x" * 100_001, filename="a")
        assert (await house.json("POST", "/attachments", "bob", data=form))[0] == 413


async def finished(house: House, owner: str, state: FileState) -> str:
    """Wait, bounded, until the one attachment of a test is in a state; answers its id."""
    async with asyncio.timeout(10):
        while True:
            rows = await house.store.reader.expired_attachments(2**53, 10)
            if rows and rows[0].state is state:
                assert rows[0].owner_id == house.directory.member(owner).id  # type: ignore[union-attr]
                return rows[0].id
            await asyncio.sleep(0.01)


async def test_an_upload_that_breaks_off_leaves_a_failed_row_and_no_bytes(house: House) -> None:
    parts = urlsplit(house.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = f"POST /api/v1/attachments?name=x HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: 1000000\r\n"
    writer.write(f"{head}Authorization: Bearer {house.tokens['bob']}\r\n\r\n".encode() + b"x" * 500_000)
    await writer.drain()
    await finished(house, "bob", FileState.RECEIVING)
    writer.close()
    name = await finished(house, "bob", FileState.FAILED)
    del reader
    assert bytes_kept(house) == []
    status, body, _ = await fetched(house, name)
    assert (status, b"attachment_failed" in body) == (410, True)
    status, problem = await house.json(
        "POST", "/rooms/studio/messages", "bob", json={"text": "x", "attachments": [{"id": name}]}
    )
    assert (status, problem["code"]) == (422, "attachment_not_ready")


async def test_a_sender_that_falls_silent_is_not_waited_for(database: str) -> None:
    async with open_house(database, settings=ApiSettings(transfer_idle=0.2)) as house:
        await furnish(house)
        parts = urlsplit(house.url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        head = f"POST /api/v1/attachments HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: 1000\r\n"
        writer.write(f"{head}Authorization: Bearer {house.tokens['bob']}\r\n\r\nhello".encode())
        line = await asyncio.wait_for(reader.readline(), 10)
        writer.close()
        assert b" 408 " in line
        assert bytes_kept(house) == []


async def transfers_are(house: House, number: int) -> None:
    """Wait, bounded, until so many transfers are under way."""
    async with asyncio.timeout(10):
        while True:
            if house.transfers() == number:
                return
            await asyncio.sleep(0.01)


async def test_nobody_moves_more_files_at_once_than_allowed(database: str) -> None:
    async with open_house(database, settings=ApiSettings(transfers_at_once=1)) as house:
        await furnish(house)
        made = await house.upload(b"x")
        let_go = asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield b"a"
            await let_go.wait()

        first = asyncio.create_task(house.upload(slow()))
        await transfers_are(house, 1)
        status, problem = await house.json("POST", "/attachments", "bob", data=b"x")
        assert (status, problem["code"]) == (429, "too_many_transfers")
        assert (await fetched(house, made["id"]))[0] == 429
        assert (await house.json("POST", "/attachments", "lin", data=b"x"))[0] == 201
        let_go.set()
        assert (await first)["size"] == 1
        await transfers_are(house, 0)
        assert (await fetched(house, made["id"]))[0] == 200
        await transfers_are(house, 0)


async def test_a_reader_may_not_upload(house: House) -> None:
    status, problem = await house.json("POST", "/attachments", "eve", data=b"x")
    assert (status, problem["code"]) == (403, "level_too_low")
    assert bytes_kept(house) == []


async def test_a_store_that_fails_is_503_and_the_upload_has_failed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = files_of(house)
    monkeypatch.setattr(house.services.files, "_folder", folder / "gone")
    status, problem = await house.json("POST", "/attachments", "bob", data=b"x")
    assert (status, problem["code"]) == (503, "files_unavailable")
    assert str(folder) not in str(problem)
    await finished(house, "bob", FileState.FAILED)


async def test_thirty_uploads_at_once_are_thirty_files(house: House) -> None:
    made = await asyncio.gather(*(house.upload(bytes([n]) * (50_000 + n), f"{n}.bin") for n in range(30)))
    assert len({one["id"] for one in made}) == 30
    got = await asyncio.gather(*(fetched(house, one["id"]) for one in made))
    assert [body for _, body, _ in got] == [bytes([n]) * (50_000 + n) for n in range(30)]


async def test_a_hundred_megabytes_go_through_in_bounded_memory(database: str) -> None:
    piece = os.urandom(MIB)

    async def hundred() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield piece

    async with open_house(database, settings=ApiSettings(max_upload=100 * MIB)) as house:
        await furnish(house)
        tracemalloc.start()
        try:
            made = await house.upload(hundred(), "big.iso")
            size = 0
            async with house.call("GET", f"/attachments/{made['id']}", "bob") as answer:
                async for got in answer.content.iter_any():
                    size += len(got)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert (made["size"], size) == (100 * MIB, 100 * MIB)
        assert peak < 16 * MIB, f"{peak / MIB:.1f} MiB"


# ── downloads ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("mime", ["image/svg+xml", "text/html"])
async def test_what_could_run_is_given_out_to_be_saved(house: House, mime: str) -> None:
    made = await house.upload(b"<svg onload=alert(1)>", "x.svg", headers={"Content-Type": mime})
    status, _, headers = await fetched(house, made["id"])
    assert (status, headers["Content-Type"]) == (200, mime)
    assert headers["Content-Disposition"].startswith("attachment;")
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "private, no-cache"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Request-Id"]


@pytest.mark.parametrize(
    ("asked", "status", "part", "content_range"),
    [
        ("bytes=0-0", 206, slice(0, 1), "bytes 0-0/600000"),
        ("bytes=100-299999", 206, slice(100, 300_000), "bytes 100-299999/600000"),
        ("bytes=599999-", 206, slice(599_999, None), "bytes 599999-599999/600000"),
        ("bytes=-10", 206, slice(-10, None), "bytes 599990-599999/600000"),
        ("bytes=-9999999", 206, slice(None), "bytes 0-599999/600000"),
        ("bytes=10-99999999999", 206, slice(10, None), "bytes 10-599999/600000"),
        ("bytes=0-1,5-6", 200, slice(None), None),
        ("bytes=6-5", 200, slice(None), None),
        ("pages=1-2", 200, slice(None), None),
    ],
)
async def test_ranges_are_slices_of_the_bytes(
    house: House, asked: str, status: int, part: slice, content_range: str | None
) -> None:
    data = os.urandom(600_000)
    made = await house.upload(data)
    answered, body, headers = await fetched(house, made["id"], Range=asked)
    assert (answered, headers.get("Content-Range")) == (status, content_range)
    assert body == data[part]
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["Content-Length"] == str(len(body))


async def test_a_range_beyond_the_end_is_416_and_another_file_is_answered_whole(house: House) -> None:
    made = await house.upload(b"0123456789")
    status, body, headers = await fetched(house, made["id"], Range="bytes=10-")
    assert (status, headers["Content-Range"], headers["Content-Type"]) == (
        416,
        "bytes */10",
        "application/problem+json",
    )
    assert b"range_not_satisfiable" in body
    etag = f'"{made["sha256"]}"'
    status, body, headers = await fetched(house, made["id"], Range="bytes=2-4", If_Range=etag)
    assert (status, body, headers["ETag"]) == (206, b"234", etag)
    for other in ('"another"', f"W/{etag}", "Wed, 21 Oct 2015 07:28:00 GMT"):
        assert (await fetched(house, made["id"], Range="bytes=2-4", If_Range=other))[:2] == (200, b"0123456789")
    status, body, headers = await fetched(house, made["id"], If_None_Match=etag)
    assert (status, body, headers["ETag"]) == (304, b"", etag)
    assert (await fetched(house, made["id"], If_None_Match='"another"'))[0] == 200


async def test_head_tells_everything_but_the_bytes(house: House) -> None:
    made = await house.upload(b"0123456789", "a.txt")
    async with house.call("HEAD", f"/attachments/{made['id']}", "bob", headers={"Range": "bytes=0-1"}) as answer:
        assert (answer.status, await answer.read()) == (200, b"")
        assert answer.headers["Content-Length"] == "10"
        assert answer.headers["ETag"] == f'"{made["sha256"]}"'
    async with house.call("HEAD", "/attachments/none", "bob") as answer:
        assert answer.status == 404


async def test_who_does_not_see_the_message_does_not_see_its_file(house: House) -> None:
    made = await house.upload(b"secret", handle="lin")
    hidden = (404, "attachment_not_found")

    async def asked(handle: str) -> object:
        status, body, _ = await fetched(house, made["id"], handle)
        return body if status == 200 else (status, "attachment_not_found" if b"attachment_not_found" in body else "")

    assert [await asked(who) for who in ("lin", "bob", "ada", "eve")] == [b"secret", hidden, hidden, hidden]
    message = await house.post("in the vault", "lin", "vault", attachments=[{"id": made["id"], "alt": "a key"}])
    [shown] = message["attachments"]
    assert (shown["id"], shown["name"], shown["size"], shown["alt"]) == (made["id"], "a.bin", 6, "a key")
    assert [await asked(who) for who in ("lin", "bob", "ada", "eve")] == [b"secret", hidden, b"secret", hidden]
    house.tokens["narrow"] = await house.token("lin", Level.L3, ("studio",))
    assert await asked("narrow") == hidden
    assert (await house.json("DELETE", f"/messages/{message['id']}", "lin"))[0] == 200
    await asyncio.sleep(0.002)
    assert [await asked(who) for who in ("lin", "ada")] == [hidden, hidden]


async def test_a_file_on_its_way_is_409_and_a_lost_one_410(house: House) -> None:
    bob = house.services.authenticate(house.tokens["bob"])
    assert isinstance(bob, Actor)
    begun = await house.run(CreateAttachment(actor=bob, name="x", mime="a/b", keep=10_000))
    assert isinstance(begun, Attachment)
    status, body, headers = await fetched(house, begun.id)
    assert (status, headers["Retry-After"]) == (409, "2")
    assert b"attachment_receiving" in body
    made = await house.upload(b"x")
    assert house.services.files is not None
    await house.services.files.remove(made["id"])
    status, body, _ = await fetched(house, made["id"])
    assert (status, b"attachment_failed" in body) == (410, True)


async def test_a_file_that_was_cut_short_is_never_taken_for_whole(house: House) -> None:
    made = await house.upload(io.BytesIO(os.urandom(2 * MIB)))
    [file] = [path for path in files_of(house).rglob(made["id"]) if path.is_file()]
    os.truncate(file, MIB)
    with pytest.raises(aiohttp.ClientPayloadError):
        await fetched(house, made["id"])
    assert (await house.json("GET", "/me"))[0] == 200


async def half_read(house: House, monkeypatch: pytest.MonkeyPatch) -> tuple[socket.socket, asyncio.Event]:
    """A large file, asked for, and only its first bytes taken; the event says when the hub reads no more."""
    made = await house.upload(io.BytesIO(os.urandom(20 * MIB)))
    closed = asyncio.Event()
    read = house.services.files.read

    async def watched(name: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        try:
            async for piece in read(name, start, end):
                yield piece
        finally:
            closed.set()

    monkeypatch.setattr(house.services.files, "read", watched)
    parts = urlsplit(house.url)
    sock = socket.create_connection((parts.hostname, parts.port))
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    head = f"GET /api/v1/attachments/{made['id']} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
    await loop.sock_sendall(sock, f"{head}Authorization: Bearer {house.tokens['bob']}\r\n\r\n".encode())
    assert await asyncio.wait_for(loop.sock_recv(sock, 100), 10)
    return sock, closed


async def test_a_reader_that_leaves_ends_the_reading(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sock, closed = await half_read(house, monkeypatch)
    sock.close()
    await asyncio.wait_for(closed.wait(), 10)
    assert "request failed" not in "".join(capsys.readouterr())


async def test_a_reader_that_takes_nothing_is_not_waited_for(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_house(database, settings=ApiSettings(transfer_idle=0.2)) as house:
        await furnish(house)
        sock, closed = await half_read(house, monkeypatch)
        await asyncio.wait_for(closed.wait(), 10)
        sock.close()


async def test_a_signed_in_browser_shows_images_but_foreign_pages_upload_nothing(house: House) -> None:
    made = await house.upload(b"\x89PNG", "a.png")
    code = await new_login_code(house.store.hub, house.directory, house.clock, "bob")
    async with house.call("GET", f"//login?code={code}", None, allow_redirects=False) as answer:
        assert answer.status in (302, 303)
    async with house.call(
        "GET", f"/attachments/{made['id']}", None, headers={"Sec-Fetch-Site": "same-origin"}
    ) as answer:
        assert (answer.status, await answer.read(), answer.headers["Content-Type"]) == (200, b"\x89PNG", "image/png")
    foreign = {"Origin": "https://evil.example"}
    assert (await house.json("POST", "/attachments", None, data=b"x", headers=foreign))[0] == 403
    assert (await house.json("POST", "/attachments", None, data=b"x", headers={"Origin": house.url}))[0] == 201


# ── in messages ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_message_may_be_all_attachments(house: House) -> None:
    one, two = await house.upload(b"1", "1.txt"), await house.upload(b"2", "2.txt")
    message = await house.post("", attachments=[{"id": one["id"]}, {"id": two["id"]}])
    assert [file["name"] for file in message["attachments"]] == ["1.txt", "2.txt"]
    _, events = await house.json("GET", "/rooms/studio/events?after=0")
    assert events["items"][0]["attachments"] == message["attachments"]


async def test_an_attachment_is_its_uploaders_and_used_once(house: House) -> None:
    made = await house.upload(b"x")

    async def posted(handle: str, *ids: str) -> object:
        body = {"text": "x", "attachments": [{"id": name} for name in ids]}
        status, answer = await house.json("POST", "/rooms/studio/messages", handle, json=body)
        return status if status == 201 else (answer["code"], answer["detail"][:18])

    assert await posted("lin", made["id"]) == ("attachment_not_found", "$.attachments[0].i")
    assert await posted("bob", "att_none") == ("attachment_not_found", "$.attachments[0].i")
    assert await posted("bob", made["id"], made["id"]) == ("attachment_used", "$.attachments[1].i")
    assert await posted("bob", made["id"]) == 201
    assert await posted("bob", made["id"]) == ("attachment_used", "$.attachments[0].i")


async def test_an_attachment_that_waited_too_long_is_gone(database: str) -> None:
    async with open_house(database, settings=ApiSettings(keep_unused=1)) as house:
        await furnish(house)
        made = await house.upload(b"x")
        await asyncio.sleep(0.01)
        assert (await fetched(house, made["id"]))[0] == 404
        status, problem = await house.json(
            "POST", "/rooms/studio/messages", "bob", json={"text": "x", "attachments": [{"id": made["id"]}]}
        )
        assert (status, problem["code"]) == (422, "attachment_not_found")


async def test_batches_and_direct_messages_take_attachments(house: House) -> None:
    one, two = await house.upload(b"1"), await house.upload(b"2")
    messages = [{"text": "a", "attachments": [{"id": one["id"]}]}, {"attachments": [{"id": one["id"]}]}]
    _, answer = await house.json("POST", "/rooms/studio/messages/batch", "bob", json={"messages": messages})
    first, second = answer["results"]
    assert first["attachments"][0]["id"] == one["id"]
    assert second["code"] == "attachment_used"
    body = {"text": "", "attachments": [{"id": two["id"]}]}
    status, direct = await house.json("POST", "/members/lin/messages", "bob", json=body)
    assert status == 201
    assert (await fetched(house, two["id"], "lin"))[1] == b"2"
    assert (await fetched(house, two["id"], "eve"))[0] == 404
    assert direct["attachments"][0]["id"] == two["id"]


async def test_the_web_socket_takes_attachments(house: House) -> None:
    made = await house.upload(b"x", "a.txt")
    async with house.socket("bob") as socket:
        post = {"type": "post", "ref": 1, "room": "studio", "attachments": [{"id": made["id"], "alt": "letters"}]}
        await socket.send_json(post)
        ack = await socket.receive_json(timeout=5)
        assert ack["type"] == "ack", ack
    _, message = await house.json("GET", f"/messages/{ack['id']}")
    [shown] = message["attachments"]
    assert (shown["id"], shown["name"], shown["mime"], shown["alt"]) == (made["id"], "a.txt", "text/plain", "letters")


async def test_a_growing_text_says_when_it_is_whole(house: House) -> None:
    message = await house.post("Think", "rowan", streaming=True)
    assert message["streaming"] is True
    path = f"/messages/{message['id']}"
    assert (await house.json("PATCH", path, "rowan", json={"text": "Thinking", "streaming": True}))[1]["streaming"]
    _, done = await house.json("PATCH", path, "rowan", json={"text": "Thought.", "streaming": False})
    assert (done["streaming"], done["text"]) == (False, "Thought.")
