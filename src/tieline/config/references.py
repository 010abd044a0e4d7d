"""What needs the whole file: names that must exist elsewhere in it, adapters' own settings, secrets that stand in it.

It reads the plain values, not the models, so that it finds its problems also where others were found before. Next
stop: `tieline.config.loader`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from tieline.config.masking import is_secret
from tieline.config.problems import did_you_mean
from tieline.config.source import Document, Path, Plain
from tieline.config.validation import report_bare
from tieline.model.policies import MENTION
from tieline.model.rooms import AUTO

WEB: Final = "web"
"""The hub's own channel, always there (`tieline_websocket`)."""

_RUNGS: Final = frozenset({MENTION, "direct"})
"""What a rung's `via` may be beside channels and adapters."""
_COMMON: Final = frozenset({"adapter", "enabled", "on_doubt"})
_TEXT_NAMES: Final = (
    *("id", "sid", "token", "secret", "password", "key", "from", "to", "phone", "phones", "number", "numbers"),
    *("account", "user", "username", "conversation", "address", "team", "workspace", "guild", "room", "host"),
)


class Finding(Protocol):
    """One fault in a channel's settings, as an adapter reports it (`tieline.ports` has the value)."""

    @property
    def path(self) -> tuple[str | int, ...]:
        """Where it is, inside the block; empty: the block as a whole."""

    @property
    def message(self) -> str:
        """What is wrong, in one sentence, without any value."""

    @property
    def fix(self) -> str:
        """What would be right; may be empty."""

    @property
    def known(self) -> tuple[str, ...]:
        """For an unknown setting: the names that may stand there; the loader suggests the nearest."""


@dataclass(frozen=True, slots=True)
class ChannelValidator:
    """What the loader asks of an adapter: to judge the settings of one channel block.

    `validate` is pure and never raises; it gets plain values after substitution. `secrets` names settings that are
    secret although their names do not say so; `endpoints` are what a link's `as` may be.
    """

    validate: Callable[[Mapping[str, object]], Iterable[Finding]]
    secrets: Collection[str] = ()
    endpoints: Collection[str] = (AUTO,)


def check_references(document: Document) -> None:
    """Report every name that leads nowhere, and every account or link that stands twice."""
    channels, members, rooms = (_blocks(document, name) for name in ("channels", "members", "rooms"))
    for handle, member in members.items():
        for channel in _mapping(member.get("accounts")):
            _expect(document, ("members", handle, "accounts", channel), channel, "channel", {*channels, WEB})
    _check_accounts(document, members)
    for name, room in rooms.items():
        for index, guest in enumerate(_list(room.get("members"))):
            _expect(document, ("rooms", name, "members", index), guest, "member", members)
        for index, link in enumerate(_list(room.get("links"))):
            _check_link(document, ("rooms", name, "links", index), _mapping(link), channels, members)
    policies = _mapping(_mapping(document.data).get("policies"))
    on_call = _mapping(policies.get("alerts")).get("on_call")
    _check_handles(document, ("policies", "gates"), _list(policies.get("gates")), "gate", members)
    _check_handles(document, ("policies", "alerts", "on_call"), _list(on_call), "on call", members)


def _check_handles(document: Document, path: Path, names: list[Plain], what: str, members: Collection[str]) -> None:
    """Warn of handles that are no members here: the API may have made them."""
    for index, name in enumerate(names):
        if isinstance(name, str) and name not in members and not document.unresolved((*path, index)):
            message = f"{what} '{name}' is no member in this file"
            fix = "right if the API made that member; else add it under members"
            document.report((*path, index), message, fix, warning=True)


def _check_link(
    document: Document, path: Path, link: Mapping[str, Plain], channels: Collection[str], members: Collection[str]
) -> None:
    _expect(document, (*path, "channel"), link.get("channel"), "channel", channels)
    _expect(document, (*path, "member"), link.get("member"), "member", members)
    if link and ("conversation" in link) == ("member" in link):
        document.report(path, "a link needs either a conversation or a member", "keep one of the two")
    twin = next((place for place, other in _links_before(document, path) if _same_link(link, other)), None)
    if twin is not None:
        document.report(path, "this link stands twice", f"the first one is in line {document.spot(twin).line}")


def _links_before(document: Document, path: Path) -> Iterator[tuple[Path, Mapping[str, Plain]]]:
    index = path[-1]
    room = _blocks(document, "rooms")[str(path[1])]
    for before, link in enumerate(_list(room.get("links"))[: int(index)]):
        yield (*path[:-1], before), _mapping(link)


def _same_link(one: Mapping[str, Plain], other: Mapping[str, Plain]) -> bool:
    return bool(one) and all(one.get(key) == other.get(key) for key in ("channel", "conversation", "member"))


def _check_accounts(document: Document, members: Mapping[str, Mapping[str, Plain]]) -> None:
    owners: dict[tuple[str, str], str] = {}
    for handle, member in members.items():
        for channel, account in _mapping(member.get("accounts")).items():
            path: Path = ("members", handle, "accounts", channel)
            if not isinstance(account, str) or document.unresolved(path):
                continue
            owner = owners.setdefault((channel, account), handle)
            if owner != handle:
                document.report(path, f"this account is already {owner}'s", "an account belongs to one member")


def _expect(document: Document, path: Path, name: Plain, kind: str, known: Collection[str]) -> None:
    if isinstance(name, str) and name not in known and not document.unresolved(path):
        hint = did_you_mean(name, list(known)) or f"add it under {kind}s"
        document.report(path, f"there is no {kind} '{name}' in this file", hint, at_value=not _is_key(path))


def _is_key(path: Path) -> bool:
    return len(path) > 1 and path[-2] == "accounts"


# --------------------------------------------------------------------------------------------------------- channels


def check_channels(document: Document, adapters: Mapping[str, ChannelValidator] | None) -> None:
    """Judge each channel's settings by its adapter; `None`: adapters are not known here, judge only the form."""
    for name, block in _blocks(document, "channels").items():
        path: Path = ("channels", name)
        adapter = block.get("adapter")
        _check_bare_values(document, path)
        if name == WEB and adapter != "websocket":
            document.report(path, f"'{WEB}' is the hub's own channel", "choose another name")
        enabled = block.get("enabled") not in {False, "false"}
        if not enabled:
            document.forgive(path)
        if adapters is None or not isinstance(adapter, str) or document.unresolved((*path, "adapter")):
            continue
        if adapter not in adapters:
            hint = did_you_mean(adapter, list(adapters)) or "install the package that brings it"
            message = f"no adapter '{adapter}' is installed"
            document.report((*path, "adapter"), message, hint, at_value=True, warning=not enabled)
        elif enabled:
            _check_settings(document, path, block, adapters[adapter])


def check_endpoints(document: Document, adapters: Mapping[str, ChannelValidator] | None) -> None:
    """Judge each link's `as` by what its channel's adapter offers, and each rung's `via` by what there is."""
    channels = _blocks(document, "channels")
    _check_rungs(document, channels, adapters)
    for name, room in _blocks(document, "rooms").items():
        for index, link in enumerate(_list(room.get("links"))):
            wish, channel = _mapping(link).get("as"), _mapping(link).get("channel")
            adapter = channels.get(channel, {}).get("adapter") if isinstance(channel, str) else None
            rules = (adapters or {}).get(adapter) if isinstance(adapter, str) else None
            path: Path = ("rooms", name, "links", index, "as")
            if rules is None or not isinstance(wish, str) or wish in rules.endpoints or document.unresolved(path):
                continue
            fix = f"write one of: {', '.join(rules.endpoints)}; or leave it out"
            document.report(path, f"{adapter} has no endpoint '{wish}'", fix, at_value=True)


def _check_rungs(
    document: Document, channels: Mapping[str, Mapping[str, Plain]], adapters: Mapping[str, ChannelValidator] | None
) -> None:
    """`via` is one of the two words, a channel of the file, or an adapter that is used here or installed."""
    used = {str(block.get("adapter")) for block in channels.values() if block.get("adapter")}
    known = {*_RUNGS, *channels, *used, *(adapters or ())}
    for path, rung in _rungs(document):
        via, place = rung.get("via"), (*path, "via")
        if adapters is not None and isinstance(via, str) and via not in known and not document.unresolved(place):
            hint = did_you_mean(via, known) or "write mention, direct, a channel of this file, or an adapter"
            document.report(place, f"'{via}' is no channel here and no adapter", hint, at_value=True)


def _rungs(document: Document) -> Iterator[tuple[Path, Mapping[str, Plain]]]:
    ladders: list[tuple[Path, Plain]] = [
        (("members", handle, "notify", "ladder"), _mapping(member.get("notify")).get("ladder"))
        for handle, member in _blocks(document, "members").items()
    ]
    policies = _mapping(_mapping(document.data).get("policies"))
    ladders.append((("policies", "alerts", "ladder"), _mapping(policies.get("alerts")).get("ladder")))
    for path, ladder in ladders:
        for index, rung in enumerate(_list(ladder)):
            yield (*path, index), _mapping(rung)


def _check_settings(document: Document, path: Path, block: Mapping[str, Plain], rules: ChannelValidator) -> None:
    wrong = [spot for spot in document.spots if spot[:2] == path and document.unresolved(spot)]
    for finding in rules.validate({name: value for name, value in block.items() if name not in _COMMON}):
        place: Path = (*path, *finding.path)
        if any(spot[: len(place)] == place for spot in wrong):
            continue  # it follows from a value that could not be read, which is told
        if finding.known and finding.path:
            fix = did_you_mean(str(finding.path[-1]), {*finding.known, *_COMMON}) or finding.fix
            document.report(place, finding.message, fix)
        else:
            document.report(place, finding.message, finding.fix, at_value=place in document.spots and place != path)


def _check_bare_values(document: Document, path: Path) -> None:
    """Refuse numbers where the setting's name says id, number, secret …: YAML would change `+4477…` and `007`."""
    for place, spot in list(document.spots.items()):
        if place[:2] != path or not spot.bare or spot.raw in {"", "~", "null"}:
            continue
        name = next((step for step in reversed(place) if isinstance(step, str)), "")
        if is_secret(name) or name.lower().replace("-", "_").rpartition("_")[2] in _TEXT_NAMES:
            report_bare(place, document)


def secret_path(path: Path, secret_names: Collection[str] = ()) -> bool:
    """Say whether the value at a path is a secret of a channel."""
    names = (step for step in path[2:] if isinstance(step, str))
    return path[:1] == ("channels",) and any(is_secret(name) or name in secret_names for name in names)


def check_secrets(document: Document) -> None:
    """Warn of secrets that stand in the file itself."""
    for path, spot in list(document.spots.items()):
        name = next((step for step in reversed(path) if isinstance(step, str)), "")
        if secret_path(path, document.secret_names) and spot.raw and not spot.sources and "${" not in spot.raw:
            variable = "_".join(str(step) for step in path[1:] if isinstance(step, str)).replace("-", "_").upper()
            fix = f'put it into .env as {variable}=… and write "${{{variable}}}"'
            document.report(path, f"the secret {name} stands in the file", fix, at_value=True, warning=True)


# ------------------------------------------------------------------------------------------------------------ shapes


def _blocks(document: Document, section: str) -> dict[str, Mapping[str, Plain]]:
    return {name: _mapping(block) for name, block in _mapping(_mapping(document.data).get(section)).items()}


def _mapping(value: Plain) -> Mapping[str, Plain]:
    return value if isinstance(value, dict) else {}


def _list(value: Plain) -> list[Plain]:
    return value if isinstance(value, list) else []
