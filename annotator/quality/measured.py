"""What was measured of clips, as numbers that SQL can compare."""

from django.db.models import Expression, FloatField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, NullIf


def figure(metrics: str, name: str) -> Expression:
    """The number called `name` in the JSON column `metrics`; null where it was not, or could not be said.

    SQLite reads JSON's null as the text "null", which as a number would be 0.
    """
    return Cast(NullIf(KeyTextTransform(name, metrics), Value("null")), FloatField())
