"""Queries whose SQL is composed once. A submission runs some twenty statements; composing them from querysets anew took
half of its processor time. What is given at each run stands as `given("name")` where the value would be:

    HELD = Composed(lambda given: Assignment.objects.filter(user_id=given("user"), state="leased"))
    HELD.all(user=7)
"""

from collections.abc import Callable, Sequence
from functools import cache, cached_property
from typing import Any, cast

from django.db import connection, models
from django.db.models.expressions import Expression
from django.db.models.query import get_related_populators
from django.db.models.sql import UpdateQuery


class Given(Expression):
    """Stands in a query for a value that comes later. `field` says how the database takes it, if not as it is."""

    def __init__(self, name: str, field: "models.Field[Any, Any] | None" = None) -> None:
        super().__init__(output_field=field)
        self.name, self.kind = name, field

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]

    def prepared(self, values: dict[str, Any]) -> Any:
        value = values[self.name]
        return value if self.kind is None else self.kind.get_db_prep_value(value, connection)


class Fixed(Expression):
    """A word that stands in the SQL itself: only then is an index for rows with that word in a plan made for any
    values, which is what PostgreSQL keeps of a statement that comes often."""

    def __init__(self, word: str) -> None:
        super().__init__(output_field=models.CharField())
        if not word.isidentifier():
            raise ValueError(f"{word!r} is no plain word.")
        self.word = word

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return f"'{self.word}'", []


class Statement:
    """SQL with its parameters, some of which are yet to be given."""

    def __init__(self, query: Callable[[], Any]) -> None:
        self.query = query

    @cached_property
    def composed(self) -> tuple[Any, str, tuple[Any, ...]]:
        compiler = self.query().get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        return compiler, sql, tuple(parameters)

    def parameters(self, values: dict[str, Any]) -> list[Any]:
        return [each.prepared(values) if isinstance(each, Given) else each for each in self.composed[2]]


class Composed(Statement):
    """A queryset: its rows, as the queryset itself would give them."""

    def __init__(self, queryset: Callable[[type[Given]], models.QuerySet[Any, Any]]) -> None:
        super().__init__(lambda: queryset(Given).query)

    def all(self, **values: Any) -> list[Any]:
        compiler, sql, _ = self.composed
        with connection.cursor() as cursor:
            cursor.execute(sql, self.parameters(values))
            rows = cursor.fetchall()
        if self.converters:
            rows = map(tuple, compiler.apply_converters(rows, self.converters))
        return [self.instance(row) for row in rows] if compiler.query.default_cols else list(rows)

    def first(self, **values: Any) -> Any:
        return next(iter(self.all(**values)), None)

    @cached_property
    def converters(self) -> Any:
        compiler = self.composed[0]
        return compiler.get_converters([column[0] for column in compiler.select])

    @cached_property
    def shape(self) -> tuple[Any, list[str], int, list[Any]]:
        compiler = self.composed[0]
        about = compiler.klass_info
        select = compiler.select[: about["select_fields"][-1] + 1]
        related = get_related_populators(about, compiler.select, connection.alias)  # type: ignore[call-arg]
        return about["model"], [column[0].target.attname for column in select], len(select), related

    def instance(self, row: Any) -> Any:
        model, names, width, related = self.shape
        made = model.from_db(connection.alias, names, row[:width])
        for populator in related:
            populator.populate(row, made)
        return made


class ComposedUpdate(Statement):
    """An update of a queryset's rows; F() and given() may stand for new values."""

    def __init__(self, queryset: Callable[[type[Given]], tuple[models.QuerySet[Any, Any], dict[str, Any]]]) -> None:
        def query() -> UpdateQuery:
            rows, changes = queryset(Given)
            made = cast(UpdateQuery, rows.query.chain(UpdateQuery))
            made.add_update_values(changes)
            return made

        super().__init__(query)

    def run(self, **values: Any) -> int:
        """How many rows it changed."""
        with connection.cursor() as cursor:
            cursor.execute(self.composed[1], self.parameters(values))
            return int(cursor.rowcount)


@cache
def insertion(model: type[models.Model], rows: int) -> tuple[str, list["models.Field[Any, Any]"]]:
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    quoted = [connection.ops.quote_name(str(field.column)) for field in fields]
    row = f"({', '.join(['%s'] * len(fields))})"
    table, key = connection.ops.quote_name(model._meta.db_table), connection.ops.quote_name(str(model._meta.pk.column))
    return f"INSERT INTO {table} ({', '.join(quoted)}) VALUES {', '.join([row] * rows)} RETURNING {key}", fields


def insert(made: Sequence[models.Model]) -> None:
    """Inserts rows of one model, in one statement, and tells each its key. No signals are sent."""
    statement, fields = insertion(type(made[0]), len(made))
    values = [field.get_db_prep_save(field.pre_save(each, add=True), connection) for each in made for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        for each, (key,) in zip(made, cursor.fetchall(), strict=True):
            if each.pk is None:
                each.pk = key
            each._state.adding = False
