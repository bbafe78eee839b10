"""The client is written by hand; every path, method and field of it is in the API's schema."""

import types
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

import pytest
import yaml
from django.conf import settings

from stickerloop import operations, shapes
from stickerloop.commands.clips import ENDINGS, TARGETS
from stickerloop.operations import Download, Listing, Operation

SCHEMA = yaml.safe_load((settings.BASE_DIR / "frontend" / "src" / "api" / "schema.yaml").read_text(encoding="utf-8"))
COMPONENTS = SCHEMA["components"]["schemas"]
OF_PYTHON = {"integer": int, "number": float, "string": str, "boolean": bool, "object": dict, "array": list}
SHAPES = [shape for shape in vars(shapes).values() if is_typeddict(shape) and shape is not shapes.BatchFields]
CALLS = {name: call for name, call in vars(operations).items() if isinstance(call, Operation | Listing | Download)}


def described(method: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = SCHEMA["paths"][path][method]
    return found


def component(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref") or schema["allOf"][0]["$ref"]).rpartition("/")[2]


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema or "allOf" in schema:
        found: dict[str, Any] = COMPONENTS[component(schema)]
        return found
    return schema


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_every_field_is_in_the_schema_with_its_type(shape: type):
    properties = COMPONENTS[shape.__name__]["properties"]
    for name, hint in get_type_hints(shape).items():
        assert name in properties, f"{shape.__name__} has no field {name}"
        agree(hint, properties[name], f"{shape.__name__}.{name}")


def agree(hint: Any, schema: dict[str, Any], where: str) -> None:
    if isinstance(hint, types.UnionType):
        (hint,) = (one for one in get_args(hint) if one is not types.NoneType)
        assert schema.get("nullable"), f"{where} is never null"
    elif schema.get("nullable"):
        assert "Request" in where, f"{where} may be null"
    if is_typeddict(hint):
        assert component(schema) == hint.__name__, where
    elif get_origin(hint) is list:
        agree(get_args(hint)[0], schema["items"], where)
    else:
        assert (get_origin(hint) or hint) is OF_PYTHON[resolved(schema)["type"]], where


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_every_call_is_in_the_schema(call: Operation[Any] | Listing[Any] | Download):
    operation = described(call.method if isinstance(call, Operation) else "get", call.path)
    queries = {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
    if isinstance(call, Operation):
        (answer,) = (one for status, one in operation["responses"].items() if status in {"200", "201"})
        assert component(answer["content"]["application/json"]["schema"]) == call.answer.__name__
        body = operation.get("requestBody", {}).get("content", {})
        if call.body:
            assert component(body["application/json"]["schema"]) == call.body.__name__
        if call.form:
            properties = COMPONENTS[component(body["multipart/form-data"]["schema"])]["properties"]
            assert set(call.form) <= set(properties)
        assert bool(body) == bool(call.body or call.form)
        return
    assert set(call.query) <= queries
    if isinstance(call, Listing):
        page = resolved(operation["responses"]["200"]["content"]["application/json"]["schema"])["properties"]
        assert component(page["results"]["items"]) == call.item.__name__
        assert {"cursor"} <= queries
        assert "next" in page


def test_what_a_new_thing_needs_is_given():
    for shape in SHAPES:
        if shape.__name__.endswith("Request"):
            assert set(COMPONENTS[shape.__name__].get("required", [])) <= set(shape.__required_keys__)


def test_the_formats_are_those_of_the_api():
    operation = described("get", operations.CLIP_FILE.path)
    (target,) = (one for one in operation["parameters"] if one["name"] == "target")
    assert set(TARGETS) == set(target["schema"]["enum"])
    assert set(ENDINGS) == set(operation["responses"]["200"]["content"])
