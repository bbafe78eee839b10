"""`column__among=ids`: as `__in`, but the ids are one parameter, however many they are.

The statement's text is then always the same, so that it is composed, split and planned once and not for every page.
"""

from typing import Any

from django.db import models
from django.db.models.lookups import BuiltinLookup


class Ids(models.Field):  # type: ignore[type-arg]
    """A list of whole numbers, as the database takes it in one parameter."""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        # As text: the driver looks at every number of a list, to choose the smallest type that takes them all.
        listed = ",".join(map(str, value))
        return f"{{{listed}}}" if connection.vendor == "postgresql" else f"[{listed}]"


@models.BigAutoField.register_lookup
@models.ForeignKey.register_lookup
class Among(BuiltinLookup):
    """The right side is `given("name", Ids())` of a composed query."""

    lookup_name = "among"
    prepare_rhs = False

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        lhs, lhs_params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        return f"{lhs} = ANY({rhs}::bigint[])", [*lhs_params, *rhs_params]

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        lhs, lhs_params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        return f"{lhs} IN (SELECT value FROM json_each({rhs}))", [*lhs_params, *rhs_params]
