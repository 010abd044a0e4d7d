"""Settings of an e-mail channel: what they are and what is wrong with them.

Rule: all problems at once, each with its place and its mend; no library of mail is imported. Certificates are always
verified, and a password never goes over an open line: ``tls: none`` is for this machine alone.
Not promised: that a server takes the password; that is :mod:`tieline_email.checks`.
Next stop: :mod:`tieline_email.adapter` reads :class:`Settings`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tieline.model.base import Value
from tieline.ports.adapter import SettingProblem
from tieline_email.addresses import normal
from tieline_email.values import Raw, is_loopback, item, number, port, seconds, size, text, texts

MEBIBYTE: Final = 1024 * 1024


class Tls(StrEnum):
    """How a connection is made secret: from its first byte, by STARTTLS, or not at all (on this machine)."""

    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    NONE = "none"


class OAuth(Value, kw_only=True, frozen=True):
    """A token instead of a password: one that is given, or a refresh token that is exchanged at ``token_url``."""

    token: str = ""
    client_id: str = ""
    client_secret: str = ""
    refresh_token: str = ""
    token_url: str = ""
    scope: str = ""

    def __repr__(self) -> str:
        """Without secrets."""
        return f"OAuth(client_id={self.client_id!r}, token_url={self.token_url!r})"


class Server(Value, kw_only=True, frozen=True):
    """One server and how to sign in there. Without a username nobody signs in (an own relay)."""

    host: str
    port: int
    tls: Tls
    username: str = ""
    password: str = ""
    oauth: OAuth | None = None
    ca_file: str | None = None
    """Certificates (PEM) to trust beside the system's."""

    @property
    def secret(self) -> str:
        """What it is signed in with, where that is a secret that stays."""
        return self.password or (self.oauth.refresh_token or self.oauth.token if self.oauth else "")

    def __repr__(self) -> str:
        """Without secrets."""
        return f"Server({self.username!r} at {self.host}:{self.port}, {self.tls})"


class Settings(Value, kw_only=True, frozen=True):
    """An e-mail channel's settings, checked. Times in seconds, sizes in bytes."""

    address: str
    imap: Server
    smtp: Server
    secret: bytes
    """Signs tokens and Message-IDs: ``token_secret``, or made of the address and the password."""
    display: str = "Tieline"
    to: tuple[str, ...] = ()
    """Who is written to where a message answers nobody's mail: a team's list, a few people."""
    folder: str = "INBOX"
    mark_seen: bool = False
    """Set the mark "read" on mails that the hub has. Nothing is ever moved or deleted."""
    idle: float = 300.0
    """Time after which IDLE is renewed, which shows whether the line is still whole."""
    poll: float = 60.0
    """Time between looks into the mailbox where the server has no IDLE."""
    max_size: int = MEBIBYTE
    """A mail that is larger is read without its files, which are fetched one by one."""
    per_thread: int = 60
    """Mails that one thread may get in an hour."""
    per_contact: int = 120
    """Mails that one address may get in an hour."""
    authserv_ids: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    hold_unverified: bool = True

    def __repr__(self) -> str:
        """Without secrets."""
        return f"Settings(address={self.address!r}, imap={self.imap!r}, smtp={self.smtp!r})"


_KNOWN: Final = (
    "address", "display", "imap", "smtp", "to", "token_secret", "mark_seen", "idle", "poll", "max_size", "per_thread",
    "per_contact", "authserv_ids", "allow", "hold_unverified",
)  # fmt: skip
_SERVER: Final = ("host", "port", "tls", "username", "password", "oauth", "ca_file")
_OAUTH: Final = ("token", "client_id", "client_secret", "refresh_token", "token_url", "scope")
LONGEST_IDLE: Final = 28 * 60.0
"""Seconds: servers may end a connection that idles for 30 minutes (RFC 2177)."""
_SECRET_MIN: Final = 16
_HOST: Final = re.compile(r"[A-Za-z0-9_.:-]{1,255}")
IMAP_PORTS: Final[Mapping[Tls, int]] = {Tls.IMPLICIT: 993, Tls.STARTTLS: 143, Tls.NONE: 143}
SMTP_PORTS: Final[Mapping[Tls, int]] = {Tls.IMPLICIT: 465, Tls.STARTTLS: 587, Tls.NONE: 25}


def check(raw: Raw) -> Sequence[SettingProblem]:
    """Name every fault of a channel's block; empty: :func:`load` will work."""
    return tuple(_problems(raw))


def load(raw: Raw) -> Settings:
    """Read settings that :func:`check` found right."""
    address = normal(text(raw, "address"))
    imap, smtp = item(raw, "imap"), item(raw, "smtp")
    reads = _server(imap, raw, Tls.IMPLICIT, IMAP_PORTS)
    sends = _server({**_shared(imap), **smtp}, raw, Tls.STARTTLS, SMTP_PORTS)
    return Settings(
        address=address,
        imap=reads,
        smtp=sends,
        secret=_secret(text(raw, "token_secret"), address, reads.secret),
        display=text(raw, "display") or "Tieline",
        to=tuple(normal(one) for one in texts(raw, "to")),
        folder=text(imap, "folder") or "INBOX",
        mark_seen=raw.get("mark_seen") is True,
        idle=seconds(raw.get("idle")) or 300.0,
        poll=seconds(raw.get("poll")) or 60.0,
        max_size=size(raw.get("max_size")) or MEBIBYTE,
        per_thread=number(raw.get("per_thread")) or 60,
        per_contact=number(raw.get("per_contact")) or 120,
        authserv_ids=tuple(one.lower() for one in texts(raw, "authserv_ids")),
        allow=tuple(texts(raw, "allow")),
        hold_unverified=raw.get("hold_unverified") is not False,
    )


def _shared(imap: Raw) -> dict[str, object]:
    """What SMTP takes over from IMAP where it says nothing itself: most providers have one account for both."""
    return {name: imap[name] for name in ("host", "username", "password", "oauth", "ca_file") if name in imap}


def _server(raw: Raw, whole: Raw, tls: Tls, ports: Mapping[Tls, int]) -> Server:
    kind = Tls(text(raw, "tls") or tls)
    given = item(raw, "oauth")
    oauth = OAuth(**{name: text(given, name) for name in _OAUTH}) if given else None
    username = text(raw, "username")
    if not username and (oauth is not None or text(raw, "password")):
        username = normal(text(whole, "address"))
    return Server(
        host=text(raw, "host"),
        port=port(raw.get("port")) or ports[kind],
        tls=kind,
        username=username,
        password="" if oauth else text(raw, "password"),
        oauth=oauth,
        ca_file=text(raw, "ca_file") or None,
    )


def _secret(given: str, address: str, password: str) -> bytes:
    """32 bytes. Made of the password it holds as long as the password does: a new one makes old tokens strangers'."""
    if given:
        return hashlib.sha256(b"tieline e-mail, token_secret\0" + given.encode()).digest()
    made = f"tieline e-mail\0{address}".encode()
    return hashlib.scrypt(password.encode() or b"-", salt=made, n=2**14, r=8, p=1, dklen=32)


def _problems(raw: Raw) -> Iterator[SettingProblem]:
    yield from _unknown(raw, _KNOWN, ())
    if not normal(text(raw, "address")) or "+" in text(raw, "address"):
        fix = "write the mailbox's own address, without a plus part: hub@example.org"
        yield SettingProblem(path=("address",), message="'address' is no address of a mailbox", fix=fix)
    yield from _servers(raw)
    yield from _numbers(raw)
    yield from _people(raw)
    secret = text(raw, "token_secret")
    if "token_secret" in raw and len(secret) < _SECRET_MIN:
        fix = f"write {_SECRET_MIN} characters or more that nobody can guess, or leave it out"
        yield SettingProblem(path=("token_secret",), message="'token_secret' is too short", fix=fix)
    for name in ("mark_seen", "hold_unverified"):
        if not isinstance(raw.get(name, False), bool):
            yield SettingProblem(path=(name,), message=f"'{name}' is true or false", fix="write true or false")


def _unknown(raw: Raw, known: tuple[str, ...], path: tuple[str, ...]) -> Iterator[SettingProblem]:
    for name in raw:
        if name not in known:
            fix = f"known are {', '.join(known)}"
            yield SettingProblem(path=(*path, str(name)), message=f"unknown setting '{name}'", fix=fix, known=known)


def _servers(raw: Raw) -> Iterator[SettingProblem]:
    for name, default in (("imap", Tls.IMPLICIT), ("smtp", Tls.STARTTLS)):
        if not isinstance(raw.get(name, {} if name == "smtp" else None), Mapping):
            fix = f"write {name}: {{host: mail.example.org, username: hub@example.org, password: …}}"
            yield SettingProblem(path=(name,), message=f"'{name}' is missing, or no block", fix=fix)
            continue
        found = item(raw, name) if name == "imap" else {**_shared(item(raw, "imap")), **item(raw, name)}
        known = (*_SERVER, "folder") if name == "imap" else _SERVER
        yield from _unknown(item(raw, name), known, (name,))
        yield from _server_problems(found, name, default)


def _server_problems(raw: Raw, name: str, default: Tls) -> Iterator[SettingProblem]:
    host, kind = text(raw, "host"), raw.get("tls", default)
    if not _HOST.fullmatch(host):
        yield SettingProblem(
            path=(name, "host"), message=f"'{name}.host' is no name of a server", fix="mail.example.org"
        )
    if raw.get("port") is not None and port(raw["port"]) is None:
        yield SettingProblem(path=(name, "port"), message=f"'{name}.port' is no port", fix="leave it out for the usual")
    if not isinstance(kind, str) or kind not in set(Tls):
        fix = "write implicit, starttls or none"
        yield SettingProblem(path=(name, "tls"), message=f"unknown 'tls' {kind!r}", fix=fix)
    elif kind == Tls.NONE and not is_loopback(host):
        fix = "write implicit or starttls: a password must not go over an open line"
        yield SettingProblem(path=(name, "tls"), message="'tls: none' is for this machine alone", fix=fix)
    ca_file = text(raw, "ca_file")
    if raw.get("ca_file") is not None and not (ca_file and "\0" not in ca_file and Path(ca_file).is_file()):
        fix = "write the path of a PEM file, or leave it out for the system's certificates"
        yield SettingProblem(path=(name, "ca_file"), message=f"there is no file {ca_file!r}", fix=fix)
    yield from _credential(raw, name)


def _credential(raw: Raw, name: str) -> Iterator[SettingProblem]:
    given = raw.get("oauth")
    if given is None:
        if name == "imap" and not text(raw, "password"):
            fix = "add password (an app password where the provider has them), or oauth"
            yield SettingProblem(path=(name, "password"), message="'imap.password' is missing", fix=fix)
        return
    oauth = item(raw, "oauth")
    path = (name, "oauth")
    yield from _unknown(oauth, _OAUTH, path)
    url = text(oauth, "token_url")
    if not text(oauth, "token") and not (text(oauth, "client_id") and text(oauth, "refresh_token") and url):
        fix = "write token, or client_id, refresh_token and token_url"
        yield SettingProblem(path=path, message="'oauth' holds no token, and no way to get one", fix=fix)
    if url and not _is_usable(url):
        yield SettingProblem(path=(*path, "token_url"), message="'token_url' must be an https URL", fix="https://…")


def _is_usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))


def _numbers(raw: Raw) -> Iterator[SettingProblem]:
    for name in ("idle", "poll"):
        found = seconds(raw.get(name, 1))
        if found is None or found > LONGEST_IDLE:
            fix = "write 5m, or seconds as a number; at most 28m"
            yield SettingProblem(path=(name,), message=f"'{name}' is no time up to 28 minutes", fix=fix)
    if size(raw.get("max_size", 1)) is None:
        yield SettingProblem(path=("max_size",), message="'max_size' is the size of a mail", fix="write 10MiB")
    for name in ("per_thread", "per_contact"):
        if number(raw.get(name, 1)) is None:
            fix = "write a whole number above 0"
            yield SettingProblem(path=(name,), message=f"'{name}' is how many mails an hour", fix=fix)


def _people(raw: Raw) -> Iterator[SettingProblem]:
    for name in ("to", "allow", "authserv_ids"):
        value = raw.get(name)
        if value is not None and len(texts(raw, name)) != (len(value) if isinstance(value, list | tuple) else 1):
            yield SettingProblem(path=(name,), message=f"'{name}' is a list of texts", fix=f"write {name}: [..., ...]")
    for one in texts(raw, "to"):
        if not normal(one):
            fix = "write addresses: [team@example.org]"
            yield SettingProblem(path=("to",), message=f"{one!r} is no address", fix=fix)
