"""The errors of mail servers, translated in one place into what a retry may do (law 2).

Rule: until the final dot is written nothing was sent, and trying again is safe. Behind it only the server's answer says
what became of the mail: without one it is :class:`~tieline.errors.Uncertain`. 4yz asks to wait, 5yz is for good.
Reading changes nothing, so what fails there may be read again. Next stop: the lane reads the attributes.

Sources: RFC 5321 4.2 (codes), RFC 4954 6 (sign-in), RFC 5530 (IMAP response codes).
"""

from __future__ import annotations

import re
import ssl
from enum import StrEnum
from typing import Final

import aiosmtplib

from tieline.errors import (
    AdapterError,
    DeliveryError,
    Misconfigured,
    NotDispatched,
    Permanent,
    Throttled,
    Uncertain,
)

SOON: Final = 60.0
"""Seconds to wait where a server says "not now"."""
LATER: Final = 300.0
"""Seconds to wait where it says so of one receiver: greylisting wants five minutes."""
CREDENTIAL: Final = "check username and password (many providers want an app password), or the oauth settings"
CERTIFICATE: Final = "write the name that stands in the server's certificate as host, or its authority as ca_file"

_CREDENTIAL_CODES: Final = frozenset({530, 534, 535, 538})
_GOES_AWAY: Final = 421
_TOO_BIG: Final = 552
_SENDER: Final = re.compile(r"sender address rejected|not owned by|send ?as|not allowed to send", re.IGNORECASE)
"""Many servers refuse the sender only when they are told the receiver."""
_NOT_NOW: Final = re.compile(r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\]|too many|temporar|try again", re.IGNORECASE)


class Phase(StrEnum):
    """How far a submission came."""

    CONNECT = "connect"
    SIGN_IN = "sign_in"
    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"


def translate_smtp(error: Exception, phase: Phase) -> DeliveryError:
    """What a failed submission means for a retry."""
    if isinstance(error, DeliveryError):
        return error
    if isinstance(error, aiosmtplib.SMTPResponseException) and error.code > 0:  # below: it was no answer of SMTP's
        return _answered(error.code, error.message, phase)
    if isinstance(error, aiosmtplib.SMTPNotSupported):
        return Permanent("not_supported", str(error), fix="use a server that takes such addresses")
    if _is_certificate(error):
        return Permanent("bad_certificate", _words(error), stops_channel=True, fix=CERTIFICATE)
    if phase is Phase.DATA:
        return Uncertain("no_answer", f"the mail was handed over, and its acceptance not told: {_words(error)}")
    if phase is Phase.SIGN_IN and type(error) is aiosmtplib.SMTPException:
        return Permanent("no_sign_in", _words(error), stops_channel=True, fix=CREDENTIAL)
    if isinstance(error, ValueError):
        return Permanent("bad_address", _words(error))
    return NotDispatched("no_connection", _words(error))


def translate_imap(error: Exception) -> DeliveryError:
    """What a failed reading means for a retry."""
    if isinstance(error, DeliveryError):
        return error
    if _is_certificate(error):
        return Permanent("bad_certificate", _words(error), stops_channel=True, fix=CERTIFICATE)
    return NotDispatched("connection_lost", _words(error))


def imap_refused(told: str) -> DeliveryError:
    """A sign-in that the server refused with these words."""
    if _NOT_NOW.search(told):
        return NotDispatched("not_now", told)
    return Permanent("bad_credential", told, stops_channel=True, fix=CREDENTIAL)


def lifecycle(error: DeliveryError) -> AdapterError:
    """The same for connect and check: what a person must mend, or what may work later."""
    made = Misconfigured if isinstance(error, Permanent) else AdapterError
    return made(str(error), fix=error.fix)


def _answered(code: int, words: str, phase: Phase) -> DeliveryError:
    told = f"{code} {' '.join(words.split())}"[:500]
    name = f"smtp_{code}"
    if code == _GOES_AWAY:
        return Throttled(name, told, retry_after=SOON, account_wide=True)
    if code < 500:  # noqa: PLR2004 - 4yz, and answers that fit nothing
        waits = LATER if phase is Phase.RECIPIENT else SOON
        return Throttled(name, told, retry_after=waits, account_wide=phase in {Phase.CONNECT, Phase.SIGN_IN})
    if phase is Phase.SIGN_IN or code in _CREDENTIAL_CODES:
        return Permanent(name, told, stops_channel=True, fix=CREDENTIAL)
    if (phase is Phase.SENDER or _SENDER.search(told)) and code != _TOO_BIG:
        fix = "sign in as an account that may write as the channel's address"
        return Permanent(name, told, stops_channel=True, fix=fix)
    if phase is Phase.CONNECT:
        return Permanent(name, told, stops_channel=True, fix="ask who runs the server why it refuses the hub")
    return Permanent(name, told, fix="check the address" if phase is Phase.RECIPIENT else "")


def _is_certificate(error: BaseException | None) -> bool:
    """True if a certificate is to blame, also behind the library's own error."""
    for _ in range(5):
        if error is None or isinstance(error, ssl.SSLCertVerificationError):
            break
        error = error.__cause__ or error.__context__
    return isinstance(error, ssl.SSLCertVerificationError)


def _words(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:300]
