"""An aggregate that gathers a column of a group into a list, in the order in which the database meets the rows; it is
the same for all columns of a query."""

import json
from typing import Any

from django.db.models import Aggregate, Field


class Gathered(Aggregate):
    output_field: Any = Field()

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return self.as_sql(compiler, connection, function="array_agg", **more)

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return self.as_sql(compiler, connection, function="json_group_array", **more)

    def convert_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value
