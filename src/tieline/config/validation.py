"""Values → settings: pydantic's findings, said in this file's words and at this file's places.

Pydantic's own sentences speak of Python; a person wrote YAML. Next stop: `tieline.config.references`, for what needs
the whole file.
"""

from collections.abc import Mapping
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tieline.config.masking import is_secret
from tieline.config.models import ConfigFile
from tieline.config.problems import did_you_mean
from tieline.config.source import Document, Path

_NEEDS: Final = {
    "model_type": "must be a mapping: name: value",
    "model_attributes_type": "must be a mapping: name: value",
    "mapping_type": "must be a mapping: name: value",
    "dict_type": "must be a mapping: name: value",
    "tuple_type": "must be a list: [one, two]",
    "string_too_short": "must not be empty",
    "string_too_long": "is too long",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "is too large",
    "int_from_float": "must be a whole number",
}


def validate(document: Document) -> ConfigFile | None:
    """Return the settings, or None after adding a problem for everything that is wrong."""
    try:
        return ConfigFile.model_validate({} if document.data is None else document.data)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            _report(detail, document)
        return None


def _report(detail: ErrorDetails, document: Document) -> None:
    path = _path(detail["loc"], document)
    if document.unresolved(path):
        return
    name = next((step for step in reversed(path) if isinstance(step, str)), "the file")
    context: Mapping[str, Any] = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            document.report(path, f"unknown setting '{name}'", did_you_mean(name, setting_names(path[:-1])))
        case "missing":
            document.report(path, f"missing setting '{detail['loc'][-1]}'", f"add {detail['loc'][-1]}: …")
        case "string_type":
            _report_not_text(path, name, document)
        case "enum" | "literal_error":
            _report_choice(path, name, str(context.get("expected", "")), document)
        case "tieline" | "duration":
            sentence = str(context.get("message") or detail["msg"])
            message = sentence if sentence.startswith("'") else f"{name} {sentence}"
            document.report(path, message, str(context.get("fix", "")), at_value=detail["loc"][-1] != "[key]")
        case kind:
            sentence = _NEEDS.get(kind) or f"is wrong: {detail['msg'].lower()}"
            document.report(path, f"{name} {sentence}", at_value=True)


def _report_not_text(path: Path, name: str, document: Document) -> None:
    spot = document.spot(path)
    if spot.bare and spot.raw not in {"", "~", "null"}:
        report_bare(path, document)
    else:
        document.report(path, f"{name} must be text", "write a value, or remove the setting", at_value=bool(spot.raw))


def report_bare(path: Path, document: Document) -> None:
    """Report a number or boolean where text is meant: an id, a phone number, a secret."""
    name = next((str(step) for step in reversed(path) if isinstance(step, str)), "value")
    shown = "…" if is_secret(name) else document.spot(path).raw
    message = f"{name} must be text, and without quotes this is a {'number' if shown[-1:].isdigit() else 'YAML value'}"
    document.report(path, message, f'quote it: "{shown}"', at_value=True)


def _report_choice(path: Path, name: str, expected: str, document: Document) -> None:
    choices = [choice.strip("'") for choice in expected.replace(" or ", ", ").split(", ")]
    raw = document.spot(path).raw
    hint = did_you_mean(raw, choices) if raw else ""
    message = f"{name} must be one of {', '.join(choices)}"
    document.report(path, message, hint if hint.startswith("did") else "", at_value=True)


def _path(location: tuple[int | str, ...], document: Document) -> Path:
    """Turn pydantic's location into a path of the file: without the names of union branches and `[key]`."""
    path: Path = ()
    for step in location:
        if (*path, step) in document.spots:
            path = (*path, step)
    return path


def setting_names(path: Path) -> tuple[str, ...]:
    """Return the settings that may stand at a path, by the names of the file; none where adapters decide."""
    model: type[BaseModel] | None = ConfigFile
    for step in path:
        model = _model_at(model, str(step)) if model and not isinstance(step, int) else model
    return tuple(field.alias or name for name, field in model.model_fields.items()) if model else ()


def _model_at(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    for field_name, field in model.model_fields.items():
        if name == (field.alias or field_name):
            return _model_in(field.annotation)
    return model  # the name of a member, room or channel: the model is already that of its settings


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
