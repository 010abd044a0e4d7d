"""Adapters are found by entry point; a broken one costs itself only."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import structlog

from tieline.errors import AdapterError, MissingExtra
from tieline.plugins import discovery
from tieline.ports.adapter import Manifest
from tieline.testing.scripted_adapter import MANIFEST, ScriptedAdapter

GOOD = EntryPoint("scripted", "tieline.testing.scripted_adapter:MANIFEST", discovery.GROUP)


def manifest(**changes: str | None) -> Manifest:
    fields: dict[str, str | None] = {"name": "other", "summary": "", "factory": "", "settings": "", **changes}
    return Manifest(**fields)  # type: ignore[arg-type]


def test_a_broken_entry_point_is_left_out_with_a_warning_that_names_it() -> None:
    broken = EntryPoint("acme", "tieline_acme_that_is_not_there.manifest:MANIFEST", discovery.GROUP)
    wrong = EntryPoint("wrong", "tieline.testing.scripted_adapter:PAGE", discovery.GROUP)
    with structlog.testing.capture_logs() as logs:
        found = discovery.discover([broken, GOOD, wrong])
    assert dict(found) == {"scripted": MANIFEST}
    assert [(entry["event"], entry["adapter"]) for entry in logs] == [
        ("adapter_broken", "acme"),
        ("adapter_broken", "wrong"),
    ]


def test_of_two_adapters_with_one_name_the_first_counts() -> None:
    twin = EntryPoint("zz-twin", GOOD.value, discovery.GROUP)
    with structlog.testing.capture_logs() as logs:
        found = discovery.discover([GOOD, twin])
    assert list(found) == ["scripted"]
    assert logs[0]["event"] == "adapter_name_taken"


def test_the_factory_of_a_manifest_is_loaded() -> None:
    assert discovery.load_factory(MANIFEST) is ScriptedAdapter


def test_a_missing_sdk_says_which_extra_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "tieline_needy"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "adapter.py").write_text("import an_sdk_that_is_not_installed\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(MissingExtra) as caught:
        discovery.load_factory(manifest(factory="tieline_needy.adapter:create", extra="needy"))
    assert caught.value.fix == "install tieline[needy]"


def test_a_factory_that_is_not_there_names_the_place() -> None:
    with pytest.raises(AdapterError, match=r"tieline\.testing\.scripted_adapter:nothing"):
        discovery.load_factory(manifest(factory="tieline.testing.scripted_adapter:nothing"))


def test_a_settings_check_that_fails_is_a_problem_and_no_exception() -> None:
    (broken,) = discovery.settings_problems(manifest(settings="builtins:len"), {})
    assert "failed to check" in broken.message
    (problem,) = discovery.settings_problems(MANIFEST, {})
    assert problem.path == ("platform",)


def test_listing_the_installed_adapters_imports_no_sdk() -> None:
    code = (
        "import sys; from tieline.plugins.discovery import discover; found = discover();"
        "sdks = {'slack_sdk', 'slack_bolt', 'discord', 'twilio'} & set(sys.modules);"
        "print(sorted(found), sorted(sdks))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "'slack'" in ran.stdout
    assert ran.stdout.strip().endswith("[]")
