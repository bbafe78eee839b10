"""What the schema says beyond the views' own: how errors look, which all do alike, and a line for each operation."""

from typing import Any

PROBLEM = {
    "type": "object",
    "required": ["error", "fields"],
    "properties": {
        "error": {"type": "string", "description": "One sentence for the person who must act."},
        "fields": {
            "type": "object",
            "description": "What is wrong, by the field it is wrong in; `sources.0.settings` is a path.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}
ANSWER = {
    "description": "What went wrong.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def describe_errors(result: dict[str, Any], **context: Any) -> dict[str, Any]:
    """A postprocessing hook of drf-spectacular."""
    result["components"]["schemas"]["Problem"] = PROBLEM
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"].setdefault("default", ANSWER)
    return result


def summarise(result: dict[str, Any], **context: Any) -> dict[str, Any]:
    """A postprocessing hook of drf-spectacular: the first sentence of a description is what lists show."""
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["summary"] = operation.get("description", "").split(". ")[0].split("; ")[0].rstrip(".")
    return result
