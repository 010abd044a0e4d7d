"""Rules: design/security (SSRF): https only, every address public, redirects judged anew, bytes and time bounded.

Servers are real ones on 127.0.0.1; names that must not be reached are answered by a resolver of ours, so that no test
touches the network.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from tieline.errors import DeliveryError, NotDispatched, Permanent, Throttled
from tieline.ports.addresses import is_public
from tieline.ports.fetching import Fetcher, _Forbidden, _Guard, _Wanted

MIB = 1024 * 1024
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[..., Awaitable[str]]


class Names(AbstractResolver):
    """Answers each look-up with the next list of addresses; the last one stays."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        addresses = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            ResolveResult(hostname=host, host=address, port=port, family=_family(address), proto=0, flags=0)
            for address in addresses
        ]

    async def close(self) -> None:
        return None


def _family(address: str) -> int:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


class Nobody(AbstractResolver):
    """A test that asks it would have gone to the network."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        pytest.fail(f"{host} was looked up")

    async def close(self) -> None:
        return None


@pytest_asyncio.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start a server of one handler on a free port; answers its address without a path."""
    runners: list[web.AppRunner] = []

    async def start(handler: Handler, host: str = "127.0.0.1") -> str:
        app = web.Application()
        app.router.add_get("/{path:.*}", handler)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        runners.append(runner)
        site = web.TCPSite(runner, host, 0)
        await site.start()
        assert site._server is not None
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        return f"http://{host}:{port}"

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest_asyncio.fixture
async def make() -> AsyncIterator[Callable[..., Fetcher]]:
    made: list[Fetcher] = []

    def fetcher(**options: Any) -> Fetcher:
        made.append(Fetcher(**{"resolver": Nobody(), **options}))
        return made[-1]

    yield fetcher
    for each in made:
        await each.close()


async def fetched(fetcher: Fetcher, url: str, **options: Any) -> bytes:
    async with asyncio.timeout(10):
        return b"".join([piece async for piece in fetcher.get(url, **{"limit": MIB, **options})])


async def refused(fetcher: Fetcher, url: str, **options: Any) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await fetched(fetcher, url, **options)
    return caught.value


def answers(**options: Any) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return web.Response(**options)

    return handle


# ── addresses ────────────────────────────────────────────────────────────────────────────────────────────────────────

INSIDE = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",  # carriers' NAT
    "169.254.169.254",  # metadata of clouds
    "168.63.129.16",  # the same of Azure
    "192.0.0.192",  # the same of Oracle's
    "100.100.100.200",  # the same of Alibaba's
    "198.18.0.1",
    "192.0.2.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",  # IPv4-compatible
    "::ffff:127.0.0.1",
    "::ffff:a9fe:a9fe",
    "::ffff:0:127.0.0.1",  # SIIT
    "64:ff9b::7f00:1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",  # Teredo
    "2001:db8::1",
    "3fff::1",
    "100::1",
    "fc00::1",
    "fd00:ec2::254",  # metadata of Amazon's
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "2606:4700::1111%eth0",
    "",
    "127.1",
    "localhost",
]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


SPELLINGS = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://2130706433/",
    "https://017700000001/",
    "https://0177.0.0.1/",
    "https://0x7f.0.0.1/",
    "https://0x7f000001/",
    "https://0X7F.1/",
    "https://0/",
    "https://0x/",
    "https://127.0.0.1./",
    "https://127.0.0.01/",
    "https://①②⑦.⓪.⓪.①/",
    "https://127。0。0。1/",
    "https://[::1]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:7f00:1::]/",
    "https://[fe80::1%25eth0]/",
    "https://[::1%25lo]/",
    "https://169.254.169.254/latest/meta-data/",
    "https://2852039166/latest/meta-data/",
    "https://0xa9fea9fe/",
    "https://0251.0376.0251.0376/",
    "https://[::ffff:169.254.169.254]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[fd00:ec2::254]/",
    "https://files.example@127.0.0.1/",
    "https://files.example:443@127.0.0.1/",
    "https://files.example:pw@1.1.1.1/",
    "https://files.example\\@127.0.0.1/",
    "https://127.0.0.1\\@files.example/",
    "https://localhost./",
    "https://files.example./",
    "https://files.example:8443/",
    "https://files.example:80/",
    "https://files.example:0/",
    "https://files.example:99999/",
    "http://files.example/",
    "http://files.example:443/",
    "http://127.0.0.1/",
    "http://localhost/",
    "ftp://files.example/",
    "file:///etc/passwd",
    "gopher://127.0.0.1/",
    "//files.example/",
    "files.example",
    "https://",
    "https:///path",
    "https://files .example/",
    "https://files.example%00.evil/",
    "https://fi\nles.example/",
    "https://[::1/",
    "",
]


HOME = {
    "https://127.0.0.1/",
    "https://[::1]/",
    "http://127.0.0.1/",
    "http://localhost/",
    "https://①②⑦.⓪.⓪.①/",
    "https://127。0。0。1/",
}
"""What an adapter may ask for whose configuration points it at a stand-in."""


@pytest.mark.parametrize(
    ("url", "loopback"),
    [(url, False) for url in SPELLINGS] + [(url, True) for url in SPELLINGS if url not in HOME],
)
async def test_a_spelling_of_a_forbidden_address_is_refused_before_anything_is_asked(
    url: str, loopback: bool, make: Callable[..., Fetcher]
) -> None:
    error = await refused(make(loopback=loopback), url)
    assert isinstance(error, Permanent)
    assert error.code in {"forbidden_address", "bad_address"}
    assert "127.0.0.1" not in str(error)


@pytest.mark.parametrize("address", [address for address in INSIDE if address[:1] in set("0123456789:f")])
async def test_a_name_that_leads_inside_is_refused(address: str, make: Callable[..., Fetcher]) -> None:
    error = await refused(make(resolver=Names([address])), "https://files.example/a")
    assert isinstance(error, Permanent)
    assert error.code == "forbidden_address"


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_one_bad_address_among_good_ones_refuses_the_host(place: int) -> None:
    """Asked of the guard itself: were it to fail, the good ones would be connected to."""
    addresses = ["93.184.216.34", "2606:4700::1111"]
    guard = _Guard(Names([*addresses[:place], "10.0.0.1", *addresses[place:]]), loopback=False)
    with pytest.raises(_Forbidden):
        await guard.resolve("files.example", 443)
    good = await _Guard(Names(addresses), loopback=False).resolve("files.example", 443)
    assert [each["host"] for each in good] == addresses


@pytest.mark.parametrize("loopback", [False, True])
def test_each_address_is_judged_once_more_before_it_is_connected_to(loopback: bool) -> None:
    guard = _Guard(Nobody(), loopback=loopback)
    for address in ("10.0.0.1", "169.254.169.254", "::ffff:10.0.0.1"):
        with pytest.raises(_Forbidden):
            guard.socket((_family(address), socket.SOCK_STREAM, 0, "", (address, 443)))


async def test_localhost_is_not_reached_by_its_name(serve: Serve, make: Callable[..., Fetcher]) -> None:
    error = await refused(make(resolver=Names(["127.0.0.1"])), "https://localhost/")
    assert error.code == "forbidden_address"


async def test_a_stand_in_named_localhost_must_be_on_this_machine(make: Callable[..., Fetcher]) -> None:
    error = await refused(make(loopback=True, resolver=Names(["10.0.0.1"])), "http://localhost:8000/")
    assert error.code == "forbidden_address"


async def test_a_host_is_looked_up_once_and_that_address_is_connected_to(
    serve: Serve, make: Callable[..., Fetcher]
) -> None:
    """A name that answers otherwise the second time (rebinding) is not asked a second time."""
    here = await serve(answers(text="here"))
    port = here.rpartition(":")[2]
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    assert await fetched(make(loopback=True, resolver=names), f"http://localhost:{port}/") == b"here"
    assert names.asked == ["localhost"]


async def test_a_name_that_turns_inside_on_the_next_connection_is_refused(
    serve: Serve, make: Callable[..., Fetcher]
) -> None:
    async def once(request: web.Request) -> web.StreamResponse:
        response = web.Response(text="ok")
        response.force_close()
        return response

    here = await serve(once)
    url = f"http://localhost:{here.rpartition(':')[2]}/"
    fetcher = make(loopback=True, resolver=Names(["127.0.0.1"], ["169.254.169.254"]))
    assert await fetched(fetcher, url) == b"ok"
    assert (await refused(fetcher, url)).code == "forbidden_address"


async def test_only_hosts_that_belong_to_the_platform_are_asked(make: Callable[..., Fetcher]) -> None:
    asked: list[str] = []

    def allow(host: str) -> bool:
        asked.append(host)
        return False

    error = await refused(make(), "https://Files.Example/a", allow=allow)
    assert error.code == "forbidden_address"
    assert asked == ["files.example"]


# ── redirects ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/",
        "//169.254.169.254/",
        "https://[::ffff:169.254.169.254]/",
        "https://2852039166/",
        "file:///etc/passwd",
        "http://files.example/",
    ],
)
async def test_a_redirect_inside_is_refused(target: str, serve: Serve, make: Callable[..., Fetcher]) -> None:
    here = await serve(answers(status=302, headers={"Location": target}))
    error = await refused(make(loopback=True), f"{here}/a")
    assert isinstance(error, Permanent)
    assert error.code == "forbidden_address"


async def test_redirects_are_followed_three_times_and_no_more(serve: Serve, make: Callable[..., Fetcher]) -> None:
    async def down(request: web.Request) -> web.StreamResponse:
        left = int(request.path.strip("/"))
        if left == 0:
            return web.Response(text="arrived")
        return web.Response(status=307, headers={"Location": f"/{left - 1}"})

    here = await serve(down)
    assert await fetched(make(loopback=True), f"{here}/3") == b"arrived"
    error = await refused(make(loopback=True), f"{here}/4")
    assert isinstance(error, Permanent)
    assert error.code == "too_many_redirects"


async def test_an_authorization_stays_with_its_origin_and_cookies_are_not_kept(
    serve: Serve, make: Callable[..., Fetcher]
) -> None:
    seen: list[tuple[str, str | None, str | None]] = []

    def note(name: str, request: web.Request) -> None:
        seen.append((name, request.headers.get("Authorization"), request.headers.get("Cookie")))

    async def there(request: web.Request) -> web.StreamResponse:
        note("there", request)
        return web.Response(text="file")

    far = await serve(there)

    async def here(request: web.Request) -> web.StreamResponse:
        note("here", request)
        target = "/next" if request.path == "/" else f"{far}/file"
        return web.Response(status=302, headers={"Location": target, "Set-Cookie": "a=b"})

    near = (await serve(here)).replace("127.0.0.1", "localhost")  # a jar would keep cookies of names only
    fetcher = make(loopback=True, resolver=Names(["127.0.0.1"]))
    assert await fetched(fetcher, f"{near}/", headers={"Authorization": "Bearer x"}) == b"file"
    assert seen == [("here", "Bearer x", None), ("here", "Bearer x", None), ("there", None, None)]


async def test_a_redirect_to_another_host_is_judged_like_an_address(serve: Serve, make: Callable[..., Fetcher]) -> None:
    here = await serve(answers(status=302, headers={"Location": "https://elsewhere.example/a"}))
    asked: list[str] = []

    def allow(host: str) -> bool:
        asked.append(host)
        return False

    assert (await refused(make(loopback=True), f"{here}/", allow=allow)).code == "forbidden_address"
    assert asked == ["elsewhere.example"]


@pytest.mark.parametrize("url", sorted(HOME))
def test_nobody_outside_redirects_to_a_stand_in_on_this_machine(url: str, make: Callable[..., Fetcher]) -> None:
    wanted = _Wanted(headers={}, limit=1, until=0, allow=None, expects=None)
    with pytest.raises(Permanent):
        make(loopback=True)._checked(url, wanted, home=False)


async def test_a_redirect_to_nowhere_is_refused(serve: Serve, make: Callable[..., Fetcher]) -> None:
    here = await serve(answers(status=302))
    assert (await refused(make(loopback=True), f"{here}/")).code == "bad_address"


async def test_proxies_of_the_environment_are_not_used(
    serve: Serve, make: Callable[..., Fetcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    here = await serve(answers(text="direct"))
    assert await fetched(make(loopback=True), f"{here}/") == b"direct"


async def test_a_signed_address_is_asked_for_letter_for_letter(serve: Serve, make: Callable[..., Fetcher]) -> None:
    async def echo(request: web.Request) -> web.StreamResponse:
        return web.Response(text=request.raw_path)

    here = await serve(echo)
    path = "/a%7Eb%2Fc/%d0%BF?sig=a%2Bb%3D&x=~1"
    assert await fetched(make(loopback=True), here + path) == path.encode()


# ── bounds ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_file_that_says_it_is_too_large_is_not_read(serve: Serve, make: Callable[..., Fetcher]) -> None:
    here = await serve(answers(body=b"x" * 2000))
    error = await refused(make(loopback=True), f"{here}/", limit=1999)
    assert isinstance(error, Permanent)
    assert error.code == "too_large"
    assert len(await fetched(make(loopback=True), f"{here}/", limit=2000)) == 2000


async def test_a_file_without_a_length_is_counted_while_it_comes(serve: Serve, make: Callable[..., Fetcher]) -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 10_000)
            sent += 10_000

    here = await serve(endless)
    error = await refused(make(loopback=True), f"{here}/", limit=100_000)
    assert error.code == "too_large"
    assert sent < 30 * MIB


async def raw_server(answer: bytes) -> tuple[asyncio.Server, str]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def test_more_than_the_length_says_is_not_taken(make: Callable[..., Fetcher]) -> None:
    server, url = await raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + b"x" * 5000)
    async with server:
        assert isinstance(await refused(make(loopback=True), url, limit=10), NotDispatched)


async def test_a_file_that_breaks_off_may_be_tried_again(make: Callable[..., Fetcher]) -> None:
    server, url = await raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\nabc")
    async with server:
        error = await refused(make(loopback=True), url)
    assert isinstance(error, NotDispatched)
    assert error.retryable


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"])
async def test_a_server_that_talks_nonsense_may_be_tried_again(answer: bytes, make: Callable[..., Fetcher]) -> None:
    server, url = await raw_server(answer)
    async with server:
        assert isinstance(await refused(make(loopback=True), url), NotDispatched)


async def test_a_packed_bomb_is_refused_unread(serve: Serve, make: Callable[..., Fetcher]) -> None:
    bomb = gzip.compress(b"\0" * (4 * MIB))
    here = await serve(answers(body=bomb, headers={"Content-Encoding": "gzip"}))
    error = await refused(make(loopback=True), f"{here}/")
    assert isinstance(error, Permanent)
    assert error.code == "encoded"


def dripping(pause: float) -> Handler:
    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x")
            await asyncio.sleep(pause)

    return drip


async def test_silence_ends_it(serve: Serve, make: Callable[..., Fetcher]) -> None:
    here = await serve(dripping(60))
    error = await refused(make(loopback=True, idle=0.2), f"{here}/")
    assert isinstance(error, NotDispatched)
    assert error.code == "too_slow"


async def test_a_body_that_drips_ends_with_the_total(serve: Serve, make: Callable[..., Fetcher]) -> None:
    here = await serve(dripping(0.02))
    error = await refused(make(loopback=True), f"{here}/", total=0.3)
    assert isinstance(error, NotDispatched)
    assert error.code == "too_slow"


async def test_nobody_there_may_be_tried_again(make: Callable[..., Fetcher]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        error = await refused(make(loopback=True), f"http://127.0.0.1:{port}/")
    assert isinstance(error, NotDispatched)
    assert error.code == "no_connection"


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (401, Permanent, "no_access"),
        (403, Permanent, "no_access"),
        (404, Permanent, "file_gone"),
        (410, Permanent, "file_gone"),
        (400, Permanent, "http_400"),
        (204, Permanent, "http_204"),
        (408, NotDispatched, "http_408"),
        (500, NotDispatched, "http_500"),
        (503, NotDispatched, "http_503"),
        (429, Throttled, "http_429"),
    ],
)
async def test_a_status_says_what_a_retry_may_do(
    status: int, kind: type[DeliveryError], code: str, serve: Serve, make: Callable[..., Fetcher]
) -> None:
    here = await serve(answers(status=status, headers={"Retry-After": "7"}))
    error = await refused(make(loopback=True), f"{here}/secret-token")
    assert type(error) is kind
    assert error.code == code
    assert "secret" not in str(error)
    if isinstance(error, Throttled):
        assert error.retry_after == 7


async def test_a_page_in_place_of_the_file_is_noticed(serve: Serve, make: Callable[..., Fetcher]) -> None:
    here = await serve(answers(text="<h1>Log in</h1>", content_type="text/html"))
    error = await refused(make(loopback=True), f"{here}/", expects=lambda kind: kind != "text/html")
    assert isinstance(error, Permanent)
    assert error.code == "unexpected_type"


async def test_a_reader_who_stops_early_leaves_nothing_open(serve: Serve, make: Callable[..., Fetcher]) -> None:
    here = await serve(answers(body=b"x" * MIB))
    fetcher = make(loopback=True)
    async for piece in fetcher.get(f"{here}/", limit=2 * MIB):
        assert piece
        break
    await fetcher.close()
    await fetcher.close()
    assert len(await fetched(fetcher, f"{here}/")) == MIB
