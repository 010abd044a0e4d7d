"""`config.yaml` → a `Config`, or one `ConfigError` with every problem of the file.

The order: text, form, values, references, adapters' own settings; each stage goes on as far as the ones before let
it, so that a person mends all in one go. Nothing is connected to and nothing is written. Next stop: the bootstrap,
which makes a hub of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tieline.config import source
from tieline.config.dotenv import read_dotenv
from tieline.config.masking import MASK, mask_shapes
from tieline.config.models import (
    ChannelSettings,
    ConfigFile,
    HubSettings,
    MemberSettings,
    Policies,
    RoomSettings,
)
from tieline.config.problems import ConfigError, Problem
from tieline.config.references import (
    ChannelValidator,
    check_channels,
    check_endpoints,
    check_references,
    check_secrets,
    secret_path,
)
from tieline.config.substitution import Variables
from tieline.config.validation import validate
from tieline.model.rooms import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A valid configuration, and where each part of it stands."""

    hub: HubSettings
    channels: Mapping[str, ChannelSettings]
    members: Mapping[str, MemberSettings]
    rooms: Mapping[str, RoomSettings]
    policies: Policies
    file: str
    marks: Mapping[source.Path, tuple[int, int]] = field(repr=False)
    """Line and column (from 1) of every setting that stands in the file, by path: `("rooms", "dj-waste")`."""
    sources: Mapping[source.Path, tuple[str, ...]] = field(repr=False)
    """Where substituted values came from: `("environment SLACK_BOT_TOKEN",)`."""
    secrets: frozenset[str] = field(repr=False)
    """Every secret value, to be masked in logs."""
    secret_paths: frozenset[source.Path] = frozenset()
    """Where they stand."""
    warnings: tuple[Problem, ...] = ()

    def place(self, *path: str | int) -> Place | None:
        """Return where a setting stands, for 409 `managed_by_config`; None where it is a default."""
        mark = self.marks.get(path)
        return Place(file=self.file, line=mark[0]) if mark else None


def load_config(
    path: Path, *, env: Mapping[str, str], adapters: Mapping[str, ChannelValidator] | None = None
) -> Config:
    """Read a file and the `.env` beside it; `env` wins over that. Raises nothing but `ConfigError`."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        fix = "make one with `tieline init`, or name another with --config"
        raise ConfigError([Problem(file=str(path), message="there is no such file", fix=fix)]) from None
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 text (byte {error.start + 1})"
        raise ConfigError([Problem(file=str(path), message=message, fix="save it as UTF-8")]) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigError([Problem(file=str(path), message=f"cannot be read: {reason}")]) from None
    return parse_config(text, path, env=env, adapters=adapters)


def parse_config(
    text: str, path: Path, *, env: Mapping[str, str], adapters: Mapping[str, ChannelValidator] | None = None
) -> Config:
    """Read text as if it stood in the file `path`. Raises nothing but `ConfigError`."""
    dotenv, problems = read_dotenv(path.parent / ".env")
    secret_names = frozenset(name for adapter in (adapters or {}).values() for name in adapter.secrets)
    document = source.read_document(text, str(path), Variables(env, dotenv, path.parent), secret_names)
    document.problems.extend(problems)
    settings = validate(document)
    check_references(document)
    check_channels(document, adapters)
    check_endpoints(document, adapters)
    check_secrets(document)
    found = sorted(document.problems, key=lambda problem: (problem.file != str(path), problem.line, problem.column))
    if settings is None or any(problem.severity == "error" for problem in found):
        raise ConfigError(found)
    return _config(settings, document, found)


def _config(settings: ConfigFile, document: source.Document, warnings: list[Problem]) -> Config:
    secrets = _secrets(document)
    return Config(
        hub=settings.hub,
        channels=settings.channels,
        members=settings.members,
        rooms=settings.rooms,
        policies=settings.policies,
        file=document.file,
        marks={path: (spot.line, spot.column) for path, spot in document.spots.items()},
        sources={path: spot.sources for path, spot in document.spots.items() if spot.sources},
        secrets=frozenset(secrets.values()),
        secret_paths=frozenset(secrets),
        warnings=tuple(warnings),
    )


# ----------------------------------------------------------------------------------------------- what may be shown


def _secrets(document: source.Document) -> dict[source.Path, str]:
    """Gather the values that must not be shown, by path: secret by name, or come from a file."""
    return {
        path: value
        for path, spot in document.spots.items()
        if (value := _text_at(document.data, path))
        and (secret_path(path, document.secret_names) or _from_file(spot.sources))
    }


def _from_file(sources: tuple[str, ...]) -> bool:
    return any(name.startswith("file ") for name in sources)


def _text_at(data: source.Plain, path: source.Path) -> str:
    for step in path:
        if isinstance(data, dict) and isinstance(step, str):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int):
            data = data[step]
    return data if isinstance(data, str) else ""


def masked(config: Config) -> dict[str, source.Plain]:
    """Return the effective configuration, defaults included, as plain values with every secret masked."""
    settings = ConfigFile.model_construct(
        hub=config.hub,
        channels=config.channels,
        members=config.members,
        rooms=config.rooms,
        policies=config.policies,
    )
    plain: dict[str, source.Plain] = settings.model_dump(mode="json", by_alias=True)
    return {name: _mask(value, (name,), config) for name, value in plain.items()}


def _mask(value: source.Plain, path: source.Path, config: Config) -> source.Plain:
    if isinstance(value, dict):
        return {name: _mask(inner, (*path, name), config) for name, inner in value.items()}
    if isinstance(value, list):
        return [_mask(inner, (*path, index), config) for index, inner in enumerate(value)]
    if isinstance(value, str):
        return MASK if path in config.secret_paths else mask_shapes(value)
    return value


def needs_restart(old: Config, new: Config) -> tuple[str, ...]:
    """Name the settings that differ and that a reload cannot apply."""
    return tuple(
        f"hub.{name}"
        for name in ("listen", "database", "attachments", "metrics_listen")
        if getattr(old.hub, name) != getattr(new.hub, name)
    )
