"""Which adapters there are: manifests behind the entry points of ``tieline.adapters``.

Rule: listing adapters imports manifests only; an SDK is imported when a channel of its adapter is made. A broken
adapter costs its own channels, with a warning that says which package to mend. Next stop: :mod:`.supervisor`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Final, cast

import structlog

from tieline.config import ChannelValidator
from tieline.errors import AdapterError, MissingExtra
from tieline.ports.adapter import Factory, Manifest, SettingProblem, SettingsCheck

GROUP: Final = "tieline.adapters"

_log = structlog.get_logger(__name__)


def discover(points: Iterable[EntryPoint] | None = None) -> Mapping[str, Manifest]:
    """All manifests by name. What cannot be read is left out and logged; of two with one name the first counts."""
    found: dict[str, Manifest] = {}
    for point in sorted(entry_points(group=GROUP) if points is None else points, key=lambda point: point.name):
        manifest = _read(point)
        if manifest is None:
            continue
        if manifest.name in found:
            _log.warning("adapter_name_taken", adapter=manifest.name, entry_point=point.value)
            continue
        found[manifest.name] = manifest
    return found


def _read(point: EntryPoint) -> Manifest | None:
    try:
        manifest = point.load()
    except Exception as error:  # noqa: BLE001 - a third party's import may raise anything
        _log.warning(
            "adapter_broken",
            adapter=point.name,
            entry_point=point.value,
            error=f"{type(error).__name__}: {error}",
            fix="mend or uninstall the package that brings it",
        )
        return None
    if not isinstance(manifest, Manifest):
        _log.warning("adapter_broken", adapter=point.name, entry_point=point.value, error="it names no Manifest")
        return None
    return manifest


def load_factory(manifest: Manifest) -> Factory:
    """What makes adapters of this kind. Raises MissingExtra if the SDK is not there, AdapterError if it is broken."""
    return cast("Factory", load(manifest, manifest.factory))


def load(manifest: Manifest, target: str) -> object:
    """What ``module:name`` of a manifest names."""
    module, _, name = target.partition(":")
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        own = module.partition(".")[0]
        if manifest.extra is not None and (error.name or "").partition(".")[0] != own:
            raise MissingExtra(manifest.name, manifest.extra) from error
        raise _broken(manifest, target, error) from error
    except Exception as error:
        raise _broken(manifest, target, error) from error


def _broken(manifest: Manifest, target: str, error: Exception) -> AdapterError:
    return AdapterError(
        f"adapter '{manifest.name}' cannot be loaded ({target}): {type(error).__name__}: {error}",
        fix="mend or reinstall the package that brings it",
    )


def settings_problems(manifest: Manifest, settings: Mapping[str, object]) -> Sequence[SettingProblem]:
    """What is wrong with a channel's settings; never raises: a check that fails is a problem too."""
    try:
        check = cast("SettingsCheck", load(manifest, manifest.settings))
        return tuple(check(settings))
    except AdapterError as error:
        return (SettingProblem(path=(), message=str(error), fix=error.fix),)
    except Exception as error:  # noqa: BLE001 - a third party's check may raise anything
        return (SettingProblem(path=(), message=f"adapter '{manifest.name}' failed to check it: {error!r}"),)


def validators(manifests: Mapping[str, Manifest]) -> Mapping[str, ChannelValidator]:
    """What the configuration's loader asks of adapters, by name."""
    return {
        name: ChannelValidator(
            validate=partial(settings_problems, manifest), secrets=manifest.secrets, endpoints=manifest.endpoints
        )
        for name, manifest in manifests.items()
    }
