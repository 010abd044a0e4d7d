"""Postfix and Dovecot for tests: processes of their own in a temporary folder, on free ports of 127.0.0.1.

Rule: nothing of it is left behind, and a mail server that was there before is never touched. Every address of
``example.test`` has a mailbox, whose password is :data:`PASSWORD`, except those that begin with a word of
:data:`REFUSALS`: these refuse as that word says; mail to ``bounce…`` is taken and comes back. Both servers must be
started by root and give up its rights by themselves; nothing leaves the machine. Next stop:
``tests/contract/email/conftest.py`` starts one pair per worker.
"""

from __future__ import annotations

import asyncio
import base64
import email
import email.policy
import hmac
import itertools
import json
import os
import shutil
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from typing import Final, Self

DOMAIN: Final = "example.test"
PASSWORD: Final = 's"e\\cret-wörd'
SIZE_LIMIT: Final = 30 * 1024 * 1024
REFUSALS: Final[Mapping[str, str]] = {
    "unknown": "550 5.1.1 no such user here",
    "full": "452 4.2.2 mailbox full",
    "gone": "552 5.2.2 mailbox over quota",
    "later": "450 4.2.1 come back later",
    "broken": "451 4.3.0 local error",
    "away": "421 4.3.2 the server goes away",
}
_KEY: Final = b"a key that signs tokens of test people"
_COUNT = itertools.count(1)

_DOVECOT = """
base_dir = @DIR@/run
state_dir = @DIR@/run
log_path = @DIR@/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
default_internal_user = dovecot
default_login_user = dovenull
mail_location = maildir:@DIR@/home/%u/Maildir
mail_uid = mail
mail_gid = mail
first_valid_uid = 1
recipient_delimiter = +
ssl = yes
ssl_cert = <@DIR@/cert.pem
ssl_key = <@DIR@/key.pem
disable_plaintext_auth = @PLAIN@
auth_mechanisms = plain login xoauth2
auth_failure_delay = 0 secs
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = @DIR@/oauth2.conf
}
passdb {
  driver = static
  mechanisms = plain login
  args = password=@PASSWORD@
}
userdb {
  driver = static
  args = uid=mail gid=mail home=@DIR@/home/%u allow_all_users=yes
}
namespace inbox {
  inbox = yes
}
service imap-login {
  process_min_avail = 1
  inet_listener imap {
    port = @IMAP@
  }
  inet_listener imaps {
    port = @IMAPS@
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = @LMTP@
  }
}
service auth {
  inet_listener {
    address = 127.0.0.1
    port = @AUTH@
  }
}
service anvil {
  client_limit = 2000
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
protocol imap {
  imap_idle_notify_interval = 2 mins
  mail_max_userip_connections = 50
  @CAPABILITY@
}
"""

_OAUTH = """
introspection_mode = local
local_validation_key_dict = fs:posix:prefix=@DIR@/oauth-keys/
username_attribute = email
"""

_MAIN = """
compatibility_level = 3.6
queue_directory = @DIR@/spool
data_directory = @DIR@/data
command_directory = /usr/sbin
daemon_directory = @DAEMONS@
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.example.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
recipient_delimiter = +
virtual_mailbox_domains = example.test
virtual_transport = lmtp:inet:127.0.0.1:@LMTP@
virtual_mailbox_maps = regexp:@DIR@/postfix/mailboxes
virtual_alias_maps = regexp:@DIR@/postfix/aliases
local_recipient_maps =
default_transport = error:no outside mail here
relay_transport = error:no outside mail here
smtpd_tls_cert_file = @DIR@/cert.pem
smtpd_tls_key_file = @DIR@/key.pem
smtpd_tls_security_level = may
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:@AUTH@
smtpd_sasl_tls_security_options = noanonymous
smtpd_sender_login_maps = regexp:@DIR@/postfix/senders
smtpd_sender_restrictions = reject_authenticated_sender_login_mismatch
smtpd_recipient_restrictions = check_recipient_access regexp:@DIR@/postfix/refusals, permit_sasl_authenticated,
    permit_mynetworks, reject_unauth_destination
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_error_sleep_time = 0
smtp_dns_support_level = disabled
smtputf8_enable = yes
maillog_file = @DIR@/postfix.log
maillog_file_prefixes = @DIR@
message_size_limit = @SIZE@
mailbox_size_limit = 0
virtual_mailbox_limit = 0
lmtp_connection_cache_on_demand = yes
lmtp_destination_concurrency_limit = 4
minimal_backoff_time = 1s
queue_run_delay = 1s
alias_maps =
alias_database =
"""

_MASTER = """
127.0.0.1:@SMTP@ inet n - n - - smtpd
127.0.0.1:@SMTPS@ inet n - n - - smtpd
    -o smtpd_tls_wrappermode=yes
127.0.0.1:@NOTLS@ inet n - n - - smtpd
    -o smtpd_tls_security_level=none
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
verify    unix  -       -       n       -       1       verify
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
proxywrite unix -       -       n       -       1       proxymap
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
lmtp      unix  -       -       n       -       -       lmtp
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
showq     unix  n       -       n       -       -       showq
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
"""
_PORTS = ("imap", "imaps", "lmtp", "auth", "smtp", "smtps", "notls")


def why_not() -> str | None:
    """Why the servers cannot run here; None: they can."""
    missing = [name for name in ("dovecot", "postfix", "openssl") if _program(name) is None]
    if missing:
        return f"not installed: {', '.join(missing)} (apt-get install dovecot-imapd dovecot-lmtpd postfix openssl)"
    return None if os.geteuid() == 0 else "Postfix and Dovecot are started by root, and the tests do not run as root"


class MailServers:
    """One pair of servers. Use as a context manager."""

    def __init__(self, *, idle: bool = True, plaintext: bool = True) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tlmail"))
        self.ports = dict(zip(_PORTS, _free_ports(len(_PORTS)), strict=True))
        self._idle = idle
        self._plaintext = plaintext

    @property
    def ca_file(self) -> str:
        """The certificate that the servers show, for who wants to trust it."""
        return str(self.folder / "cert.pem")

    def __enter__(self) -> Self:
        try:
            self._lay_out()
            self.start_dovecot()
            self._postfix("start")
            self._await_ports()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._run("postfix", "-c", str(self.folder / "postfix"), "stop", check=False)
        self.stop_dovecot()
        shutil.rmtree(self.folder, ignore_errors=True)

    # ── what tests do to them ──

    def start_dovecot(self) -> None:
        """Start it and wait until it answers."""
        self._run("dovecot", "-c", str(self.folder / "dovecot.conf"))
        for name in ("imap", "imaps", "lmtp", "auth"):
            self._await_port(name)

    def stop_dovecot(self) -> None:
        """Stop it; all its clients are cut off."""
        pid = self.folder / "run" / "master.pid"
        if not pid.exists():
            return
        self._run("dovecot", "-c", str(self.folder / "dovecot.conf"), "stop", check=False)
        _until(lambda: not pid.exists(), "dovecot stops")

    def doveadm(self, *arguments: str) -> str:
        """Dovecot's own tool; answers what it prints."""
        return self._run("doveadm", "-c", str(self.folder / "dovecot.conf"), *arguments)

    def kick(self, user: str) -> None:
        """Throw a user's connections out, as an administrator does."""
        self.doveadm("kick", user)

    def new_uidvalidity(self, user: str) -> None:
        """Number the mailbox anew, as a move to another server does: every mail has another UID afterwards."""
        maildir = self.maildir(user)
        self.kick(user)
        for found in maildir.glob("dovecot*"):
            found.unlink()
        listed = maildir / "dovecot-uidlist"
        listed.write_text(f"3 V{int(time.time()) + next(_COUNT)} N1\n")
        shutil.chown(listed, "mail", "mail")

    def user(self, name: str) -> str:
        """A fresh address that nobody has used."""
        return f"{name}{next(_COUNT)}x{os.getpid()}@{DOMAIN}"

    def maildir(self, user: str) -> Path:
        """Where a user's mails lie."""
        return self.folder / "home" / user / "Maildir"

    def mails(self, user: str) -> list[EmailMessage]:
        """The mails of a user's inbox, oldest first."""
        places = [path for part in ("new", "cur") for path in (self.maildir(user) / part).glob("*")]
        found: list[EmailMessage] = []
        for path in sorted(places, key=lambda one: _order(one.name)):
            made = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            assert isinstance(made, EmailMessage)
            found.append(made)
        return found

    async def arrived(self, user: str, count: int = 1, limit: float = 15.0) -> list[EmailMessage]:
        """The mails of a user's inbox once there are ``count``."""
        end = time.monotonic() + limit
        while len(found := self.mails(user)) < count:
            assert time.monotonic() < end, f"{user} got {len(found)} mails of {count}{self._logs()}"
            await asyncio.sleep(0.02)
        return found

    async def post(self, raw: bytes | EmailMessage, sender: str, to: str | Sequence[str]) -> None:
        """Somebody sends a mail, through Postfix."""
        data = raw if isinstance(raw, bytes) else raw.as_bytes(policy=email.policy.SMTP)
        await asyncio.to_thread(self._post, data, sender, [to] if isinstance(to, str) else list(to))

    def _post(self, data: bytes, sender: str, to: list[str]) -> None:
        with smtplib.SMTP("127.0.0.1", self.ports["smtp"], local_hostname="client.test", timeout=15) as client:
            client.sendmail(sender, to, data)

    def drop(self, user: str, mails: Sequence[bytes]) -> None:
        """Lay mails into a mailbox at once, past Postfix."""
        maildir = self.maildir(user)
        for part in ("", "tmp", "new", "cur"):
            (maildir / part).mkdir(parents=True, exist_ok=True)
        for folder in (maildir.parent, maildir, *maildir.iterdir()):
            shutil.chown(folder, "mail", "mail")
        for raw in mails:
            name = f"{int(time.time())}.M{next(_COUNT):09}P{os.getpid()}.test"
            path = maildir / "tmp" / name
            path.write_bytes(raw)
            shutil.chown(path, "mail", "mail")
            path.rename(maildir / "new" / name)

    # ── making them ──

    def _lay_out(self) -> None:
        self.folder.chmod(0o755)
        for name in ("run", "home", "data", "spool", "postfix", "oauth-keys"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "data", "postfix")
        shutil.chown(self.folder / "home", "mail", "mail")
        certificate = "-x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
        self._run("openssl", "req", *certificate.split(), "-keyout", f"{self.folder}/key.pem", "-out", self.ca_file)
        (self.folder / "oauth-keys" / "default" / "HS256").mkdir(parents=True)
        self._write("oauth-keys/default/HS256/default", base64.b64encode(_KEY).decode())
        self._write("dovecot.conf", _DOVECOT)
        self._write("oauth2.conf", _OAUTH)
        self._write("postfix/main.cf", _MAIN)
        self._write("postfix/master.cf", _MASTER)
        # A dash begins an address that is refused: unknown-ann@example.test.
        refused = "".join(f"/^{word}-?.*@/ {answer}\n" for word, answer in REFUSALS.items())
        self._write("postfix/refusals", refused)
        self._write("postfix/aliases", "/^bounce.*@example\\.test$/ nobody@nowhere.invalid\n")
        self._write("postfix/mailboxes", "/@example\\.test$/ x\n")
        self._write("postfix/senders", "/^([^+@]*)(\\+[^@]*)?@example\\.test$/ $1@example.test\n")

    def _write(self, name: str, text: str) -> None:
        daemons = next(one for one in ("/usr/lib/postfix/sbin", "/usr/libexec/postfix") if Path(one).exists())
        said = {
            "DIR": str(self.folder),
            "DAEMONS": daemons,
            "SIZE": str(SIZE_LIMIT),
            "PASSWORD": PASSWORD,
            "PLAIN": "no" if self._plaintext else "yes",
            "CAPABILITY": "" if self._idle else "imap_capability = IMAP4rev1 SASL-IR LITERAL+ UIDPLUS",
            **{name.upper(): str(port) for name, port in self.ports.items()},
        }
        for key, value in said.items():
            text = text.replace(f"@{key}@", value)
        (self.folder / name).write_text(text)

    def _postfix(self, command: str) -> None:
        self._run("postfix", "-c", str(self.folder / "postfix"), command)

    def _run(self, name: str, *arguments: str, check: bool = True) -> str:
        with tempfile.TemporaryFile("w+") as told:  # no pipe: the daemons would keep it open
            command = [_program(name) or name, *arguments]
            done = subprocess.run(command, stdout=told, stderr=subprocess.STDOUT, timeout=60, check=False)
            told.seek(0)
            said = told.read()
        if check and done.returncode != 0:
            raise RuntimeError(f"{name} {' '.join(arguments)}: {said}{self._logs()}")
        return said

    def _logs(self) -> str:
        found = [self.folder / name for name in ("dovecot.log", "postfix.log")]
        return "".join(f"\n{path.name}:\n{path.read_text()[-3000:]}" for path in found if path.exists())

    def _await_ports(self) -> None:
        for name in _PORTS:
            self._await_port(name)

    def _await_port(self, name: str) -> None:
        try:
            _until(lambda: _answers(self.ports[name]), f"the port for {name} answers")
        except AssertionError as error:
            raise RuntimeError(f"{error}{self._logs()}") from None


def oauth_token(user: str, *, seconds: int = 3600) -> str:
    """An access token for a user, as an OAuth provider signs it; ``seconds`` until it is over."""
    now = int(time.time())
    claims = {"sub": user, "email": user, "iat": now - 10, "exp": now + seconds}
    parts = [_base64(json.dumps(one).encode()) for one in ({"alg": "HS256", "typ": "JWT"}, claims)]
    return ".".join([*parts, _base64(hmac.digest(_KEY, ".".join(parts).encode(), "sha256"))])


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def mail_from(sender: str, to: str, text: str, **headers: str) -> EmailMessage:
    """A mail as a person's client writes it; ``In_Reply_To`` is the header ``In-Reply-To``."""
    made = EmailMessage()
    made["From"], made["To"] = sender, to
    made["Subject"] = headers.pop("Subject", "a question")
    made["Date"] = headers.pop("Date", formatdate(localtime=False))
    made["Message-ID"] = headers.pop("Message_ID", f"<m{next(_COUNT)}.{os.getpid()}@client.test>")
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made


def _order(name: str) -> tuple[int, str]:
    seconds, _, rest = name.partition(".")
    return int(seconds), rest


def _program(name: str) -> str | None:
    return shutil.which(name) or next((str(one) for one in [Path("/usr/sbin") / name] if one.exists()), None)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _until(done: object, what: str, limit: float = 20.0) -> None:
    assert callable(done)
    end = time.monotonic() + limit
    while not done():
        assert time.monotonic() < end, f"within {limit:g} s: {what}"
        time.sleep(0.02)
