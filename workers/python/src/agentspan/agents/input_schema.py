"""What a tool takes: a function's type hints and docstring, or a JSON Schema; told as JSON Schema and checked alike."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any, get_type_hints

import jsonschema
from jsonschema.protocols import Validator
from pydantic import ConfigDict, Field, PydanticUserError, TypeAdapter, ValidationError
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticSchemaGenerationError
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema
from typing_extensions import NotRequired, TypedDict

from agentspan.agents.errors import AgentspanError, invalid
from agentspan.agents.json_text import to_json_text

JsonSchema = Mapping[str, Any]
"""A JSON Schema of an object, draft 2020-12 or 07."""

# One whose members are known at run time only, which type checkers do not follow.
_typed_dict: Any = TypedDict
_UNNAMED = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_MOST_FAULTS = 5
_DRAFT_07 = ("http://json-schema.org/draft-07/schema", "https://json-schema.org/draft-07/schema")


class ArgumentsError(ValueError):
    """Arguments that do not fit their schema, in words for whoever wrote them."""

    def __init__(self, message: str, places: Sequence[str] = ()) -> None:
        super().__init__(message)
        #: The properties that are at fault, as JSON Pointers: for logs, where no value belongs.
        self.places = sorted(set(places)) or ["the value"]


@dataclass(frozen=True)
class InputSchema:
    """A schema that has been looked over."""

    #: JSON Schema text: what the model and the server see.
    json_text: str
    _validator: Validator
    _adapter: TypeAdapter[dict[str, Any]] | None

    def read(self, text: str) -> dict[str, Any]:
        """Checks the text of arguments and gives what the function gets by name. Raises ArgumentsError."""
        try:
            value = json.loads(text)
        except ValueError as error:
            raise ArgumentsError(f"the arguments are not JSON: {error}") from None
        faults = list(islice(self._validator.iter_errors(value), _MOST_FAULTS))
        if faults:
            words = [f"{_path(error.absolute_path)}: {error.message}" for error in faults]
            raise ArgumentsError("; ".join(words), [place for error in faults for place in _places(error)])
        if self._adapter is None:
            return dict(value)
        try:
            # The text, and not the value: pydantic then reads dates, enums and the like as JSON writes them.
            return self._adapter.validate_json(text)
        except ValidationError as error:
            told = [(_path(fault["loc"]), fault["msg"]) for fault in error.errors(include_url=False)[:_MOST_FAULTS]]
            words = [f"{place}: {message}" for place, message in told]
            raise ArgumentsError("; ".join(words), [place for place, _ in told]) from None


def schema_of_json(schema: JsonSchema, owner: str) -> InputSchema:
    """Takes a JSON Schema as it is. Raises INVALID_REQUEST, naming the owner, where it is none of an object."""
    return InputSchema(json_schema_text(schema, owner), _validator_of(dict(schema), owner), None)


def json_schema_text(schema: JsonSchema, owner: str, *, of_object: bool = True) -> str:
    """The text of a JSON Schema. Raises INVALID_REQUEST where it cannot be used."""
    if not isinstance(schema, Mapping):
        raise unusable(owner, "It must be a JSON Schema as a dict.")
    if of_object and schema.get("type") != "object":
        raise unusable(owner, 'It must describe an object: write "type": "object" at its top level.')
    _validator_of(dict(schema), owner)
    return to_json_text(dict(schema), owner)


def schema_of_model(model: Any, owner: str, *, of_object: bool = True) -> str:
    """The text of a JSON Schema that is given as one, or as a type that pydantic knows."""
    if isinstance(model, Mapping):
        return json_schema_text(model, owner, of_object=of_object)
    return json_schema_text(_generated(TypeAdapter(model), owner), owner, of_object=of_object)


def schema_of_function(
    function: Callable[..., Any], descriptions: Mapping[str, str], context: type, owner: str
) -> tuple[InputSchema, str | None]:
    """The schema of a function's parameters, and the name of the one that takes the context.

    Raises INVALID_REQUEST where a parameter cannot be told as JSON Schema.
    """
    members: dict[str, Any] = {}
    defaults: dict[str, object] = {}
    takes_context: str | None = None
    hints = _hints(function, owner)
    for name, parameter in inspect.signature(function).parameters.items():
        hint = hints.get(name, Any)
        if name in ("self", "cls") and not members and name not in hints:
            problem = f"Its first parameter is {name}. Make the tool of the method of an object: tool(shop.refund)."
            raise unusable(owner, problem)
        if hint is context:
            takes_context = name
            continue
        if parameter.kind in _UNNAMED:
            raise unusable(owner, f"Its parameter {parameter} has no name that a model could say; name each of them.")
        if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
            raise unusable(owner, f"Its parameter {name} is positional only; tools are called by name.")
        said = descriptions.get(name)
        typed = Annotated[hint, Field(description=said)] if said else hint
        if parameter.default is inspect.Parameter.empty:
            members[name] = typed
        else:
            members[name] = NotRequired[typed]
            defaults[name] = parameter.default
    arguments = _typed_dict("Arguments", members)
    # A person would approve a key that the function does not know, and the function never see it.
    arguments.__pydantic_config__ = ConfigDict(extra="forbid")
    try:
        adapter: TypeAdapter[dict[str, Any]] = TypeAdapter(arguments)
    except (PydanticUserError, PydanticSchemaGenerationError) as error:
        raise unusable(owner, f"Its type hints cannot be read: {error}") from error
    schema = _generated(adapter, owner)
    schema.pop("title", None)
    for name, default in defaults.items():
        schema["properties"][name] = {**schema["properties"][name], **_default(default, hints.get(name, Any))}
    return InputSchema(json_schema_text(schema, owner), _validator_of(schema, owner), adapter), takes_context


def unusable(owner: str, problem: str) -> AgentspanError:
    """INVALID_REQUEST about a schema."""
    return invalid(f"The schema of {owner} cannot be used. {problem}", owner, problem)


class _Generator(GenerateJsonSchema):
    """Without titles that only repeat names, and with no key allowed that nobody reads."""

    def field_title_should_be_set(self, schema: object) -> bool:
        return False

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> dict[str, Any]:
        return _closed(super().typed_dict_schema(schema))

    def model_schema(self, schema: core_schema.ModelSchema) -> dict[str, Any]:
        return _closed(super().model_schema(schema))

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> dict[str, Any]:
        return _closed(super().dataclass_schema(schema))


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    if "properties" in schema:
        schema.setdefault("additionalProperties", False)
    return schema


def _generated(adapter: TypeAdapter[Any], owner: str) -> dict[str, Any]:
    try:
        return adapter.json_schema(schema_generator=_Generator)
    except (PydanticInvalidForJsonSchema, PydanticUserError) as error:
        raise unusable(owner, f"A type cannot be written as JSON Schema: {error}") from error


def _hints(function: Callable[..., Any], owner: str) -> dict[str, Any]:
    target = function if inspect.isroutine(function) else getattr(function, "__call__", function)  # noqa: B004
    try:
        return get_type_hints(target, include_extras=True)
    except (NameError, TypeError) as error:
        raise unusable(
            owner, f"Its type hints cannot be read: {error}. Define the types at the top of a module."
        ) from error


def _default(default: object, hint: Any) -> dict[str, Any]:
    """A default is told where it has a JSON form; a sentinel of the author's is nobody else's concern."""
    try:
        return {"default": TypeAdapter(hint).dump_python(default, mode="json", warnings=False)}
    except (ValueError, TypeError, PydanticUserError):
        return {}


def _validator_of(schema: dict[str, Any], owner: str) -> Validator:
    dialect = str(schema.get("$schema", "")).rstrip("#")
    kind = jsonschema.Draft7Validator if dialect in _DRAFT_07 else jsonschema.Draft202012Validator
    try:
        kind.check_schema(schema)
    except jsonschema.SchemaError as error:
        raise unusable(owner, f"It is not valid: {_path(error.absolute_path)} {error.message}.") from None
    return kind(schema)


def _places(error: jsonschema.ValidationError) -> Iterator[str]:
    """The property that an error is about, also where the error is of the object that lacks it or has it."""
    path, value = "".join(f"/{step}" for step in error.absolute_path), error.instance
    wanted: Any = error.validator_value
    schema: Any = error.schema
    if error.validator == "required" and isinstance(value, dict):
        yield from (f"{path}/{name}" for name in wanted if name not in value)
    elif error.validator == "additionalProperties" and isinstance(value, dict):
        yield from (f"{path}/{name}" for name in value if name not in schema.get("properties", {}))
    else:
        yield path or "the value"


def _path(steps: object) -> str:
    path = "".join(f"/{step}" for step in steps)  # type: ignore[attr-defined]
    return path or "the value"
