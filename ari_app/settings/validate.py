"""From the values of a YAML file to a settings model, or to all that is wrong with them."""

import difflib
import types
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, Union, get_args, get_origin

import orjson
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from ari_app.settings.yaml_file import Place, YamlFile, kind_of, shortened

Model = TypeVar("Model", bound=BaseModel)

_PATTERNS = {
    r"^[1-9][0-9]{0,4} (minute|hour|day)s?$": "a time, as 30 minutes, 2 hours or 3 days",
    r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-4]):[0-5]\d$": "HH:MM-HH:MM, as 09:00-18:00",
    r"^(closed|([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-4]):[0-5]\d)$": (
        "closed or HH:MM-HH:MM, as 10:00-15:00"
    ),
    r"^[A-Za-z0-9._:-]+$": "a host name or an address",
    r"^[A-Za-z0-9_-]{1,40}$": "1 to 40 letters (a-z), digits, _ and -",
    r"^[A-Za-z0-9_-]{1,60}$": "1 to 60 letters (a-z), digits, _ and -",
}


def validate(model: type[Model], file: YamlFile) -> Model | None:
    """The model; None after complaining in `file` about everything that is wrong.

    The types are strict: text is not taken for a number.
    """
    try:
        return model.model_validate_json(orjson.dumps(file.values), strict=True)
    except ValidationError as error:
        for details in error.errors(include_url=False):
            _complain(model, file, details)
        return None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?``, or what is known, or nothing when nothing is."""
    candidates = sorted(known)
    close = difflib.get_close_matches(word, candidates, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known are {', '.join(candidates)}" if candidates else ""


def _complain(model: type[BaseModel], file: YamlFile, details: ErrorDetails) -> None:
    place = tuple(step for step in details["loc"] if step != "[key]")
    is_key = "[key]" in details["loc"]
    file.complain(place, _message(model, file, place, details, is_key))


def _message(
    model: type[BaseModel], file: YamlFile, place: Place, details: ErrorDetails, is_key: bool
) -> str:
    kind, context, value = details["type"], details.get("ctx", {}), details["input"]
    was = "what stands there" if _is_secret(model, place) else kind_of(value)
    match kind:
        case "extra_forbidden":
            return f"unknown key{did_you_mean(str(place[-1]), _keys_at(model, place[:-1]))}"
        case "missing":
            return f"is missing{_described(model, place)}"
        case "literal_error" | "enum":
            return _not_one_of(context, value, place, is_key)
        case "string_pattern_mismatch":
            form = _PATTERNS.get(context["pattern"], f"of the form {context['pattern']}")
            return f"must be {form}, not {kind_of(place[-1] if is_key else value)}"
        case "string_type":
            return _not_text(file, place, value, was)
        case "value_error":
            return str(context.get("error", details["msg"]))
        case "too_short" | "string_too_short":
            return "must not be empty"
        case "string_too_long" | "too_long":
            return f"must not be longer than {context['max_length']}"
    return f"must be {_expected(kind, context, details['msg'])}, not {was}"


def _expected(kind: str, context: Mapping[str, Any], message: str) -> str:
    match kind:
        case "greater_than_equal":
            return f"at least {context['ge']}"
        case "greater_than":
            return f"more than {context['gt']}"
        case "less_than_equal":
            return f"at most {context['le']}"
        case "less_than":
            return f"less than {context['lt']}"
        case "int_type" | "int_parsing" | "int_from_float":
            return "a whole number"
        case "float_type" | "float_parsing":
            return "a number"
        case "bool_type" | "bool_parsing":
            return "true or false"
        case "list_type" | "tuple_type":
            return "a list, as [one, two]"
        case "dict_type" | "model_type" | "model_attributes_type":
            return "keys with values"
        case "path_type":
            return "a path"
    return f"right ({message})"


def _not_one_of(context: Mapping[str, Any], value: object, place: Place, is_key: bool) -> str:
    word = str(place[-1]) if is_key else value
    allowed = context["expected"].replace(" or ", ", ").replace("'", "").split(", ")
    message = f"must be one of {', '.join(allowed)}, not {kind_of(word)}"
    close = difflib.get_close_matches(word, allowed, n=1) if isinstance(word, str) else []
    return f"{message}; did you mean {close[0]!r}?" if close else message


def _not_text(file: YamlFile, place: Place, value: object, was: str) -> str:
    written = file.texts.get(place, "")
    if written and not isinstance(value, list | dict):
        shown = "" if was == "what stands there" else f', as "{shortened(written)}"'
        return f"must be text: write it in quotes{shown}"
    return f"must be text, not {was}"


# --- looking into the models ------------------------------------------------------------


def _keys_at(model: type[BaseModel], place: Place) -> list[str]:
    found = _type_at(model, place)
    return list(found.model_fields) if _is_model(found) else []


def _described(model: type[BaseModel], place: Place) -> str:
    holder = _type_at(model, place[:-1])
    if not _is_model(holder):
        return ""
    field = holder.model_fields.get(str(place[-1]))
    return f" ({field.description})" if field is not None and field.description else ""


def _is_secret(model: type[BaseModel], place: Place) -> bool:
    return _type_at(model, place) is SecretStr


def _type_at(model: type[BaseModel], place: Place) -> Any:
    """The type that the value at `place` is to have; None where no value belongs."""
    found: Any = model
    for step in place:
        if _is_model(found):
            field = found.model_fields.get(str(step))
            found = field.annotation if field is not None else None
        else:
            arguments = get_args(found)
            found = arguments[-1] if get_origin(found) in (dict, list) else None
        if get_origin(found) in (Union, types.UnionType):
            found = next(one for one in get_args(found) if one is not type(None))
    return found


def _is_model(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, BaseModel)
