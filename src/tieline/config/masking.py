"""What must never be printed: which settings hold secrets, and how secrets and control characters are shown instead.

Used by problems (echoed source lines), by `tieline config show` and by the logs. The rule: better one harmless value
masked than one secret shown. Not promised: that a secret nobody declared and that looks like prose is found. Next
stop: `tieline.config.logs`, which applies this to every log line.
"""

import re
from collections.abc import Collection, Iterable
from typing import Final

MASK: Final = "•••"
SHORTEST_SECRET: Final = 6
"""Shorter known values are not looked for in text: masking every `a` would hide the message, not the secret."""

_SECRET_NAME: Final = re.compile(
    r"secret|tok(en|n)|passw|pwd$|credential|private|(^|_|-)(api|auth|signing|hmac)?_?-?key$", re.IGNORECASE
)
_ENTRY: Final = re.compile(
    r"""(?<![\w-])(?P<name>[\w-]+)["']?\s*:\s+(?P<value>"(?:[^"\\]|\\.)*"?|'[^']*'?|\[[^\]]*\]?|[^\s,{}\[\]#][^,}\]#]*)"""
)
_VARIABLE: Final = re.compile(r"""["']?\$\{[^}]*\}["']?\s*""")
_DENSE: Final = re.compile(r"[\w+/=-]{24,}")
_LETTER: Final = re.compile(r"[A-Za-z]")
_DIGIT: Final = re.compile(r"\d")
_SHAPES: Final = re.compile(
    r"""
      xox[a-z]-[\w-]+ | xapp-[\w-]+                      # Slack tokens
    | hooks\.slack\.com/\S+                              # Slack webhooks
    | (?<=/api/webhooks/)\d+/[\w-]+                      # Discord webhooks
    | [MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,}            # Discord bot tokens
    | whsec_[\w+/=-]+                                    # webhook signing secrets
    | \bSK[0-9a-fA-F]{32}\b                              # Twilio API keys
    | \btl_[\w-]{8,}                                     # our own tokens
    | (?<=Bearer\ )[\w.~+/=-]+ | (?<=Basic\ )[\w+/=-]+   # Authorization headers
    | (?<=://)[^\s/@:]*:[^\s/@]+(?=@)                    # user:password in an address
    """,
    re.VERBOSE,
)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def is_secret(name: str) -> bool:
    """Say whether a setting of this name holds a secret (`bot_token`, `password`, `signing_secret`, `api_key` …)."""
    return _SECRET_NAME.search(name) is not None


def mask_shapes(text: str) -> str:
    """Mask what looks like a secret by its shape alone: tokens of the platforms, Authorization headers, passwords."""
    return _SHAPES.sub(MASK, text)


def mask_source(line: str, secret_names: Collection[str] = ()) -> str:
    """Mask the secrets of one line of a configuration file, in time linear in its length.

    `secret_names` are further settings that are secret; `${NAME}` is not a secret and stays.
    """

    def mask_entry(entry: re.Match[str]) -> str:
        secret = is_secret(entry["name"]) or entry["name"] in secret_names
        if not secret or _VARIABLE.fullmatch(entry["value"]):
            return entry[0]
        return entry[0][: entry.start("value") - entry.start()] + MASK

    return _DENSE.sub(_mask_dense, mask_shapes(_ENTRY.sub(mask_entry, line)))


def _mask_dense(run: re.Match[str]) -> str:
    return MASK if _LETTER.search(run[0]) and _DIGIT.search(run[0]) else run[0]


def escape_controls(text: str) -> str:
    r"""Make control and direction characters visible (`\x1b`), so that text cannot drive or deceive a terminal.

    Newlines and tabs stay.
    """
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


class KnownSecrets:
    """The secret values of the running configuration, to be masked wherever they turn up.

    Values are only ever added: after a reload the old ones are still secrets.
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.learn(values)

    def learn(self, values: Iterable[str]) -> None:
        """Add secret values; those shorter than `SHORTEST_SECRET` are left out."""
        self._values.update(value for value in values if len(value) >= SHORTEST_SECRET)
        longest_first = sorted(self._values, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def mask(self, text: str) -> str:
        """Mask known values first, then shapes."""
        return mask_shapes(self._pattern.sub(MASK, text) if self._pattern else text)
