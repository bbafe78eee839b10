"""What was measured of clips, as SQL can compare it."""

from django.db.models import Expression, FloatField, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, NullIf


def figure(metrics: str, name: str) -> Expression:
    """The number called `name` in the JSON column `metrics`; null where it was not, or could not be said."""
    return Cast(word(metrics, name), FloatField())


def word(metrics: str, name: str) -> Expression:
    """The same for a text. SQLite reads JSON's null as the text "null", which as a number would be 0."""
    return NullIf(KeyTextTransform(name, metrics), Value("null"), output_field=TextField())
