"""One of many whole numbers: a condition of one parameter, where `__in` has one for each of them."""

from collections.abc import Iterable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func, TextField, Value
from django.db.models.sql.compiler import SQLCompiler


class Among(Func):
    """Whether a column is one of these whole numbers: `Result.objects.filter(Among("pk", ids))`.

    Django prepares each parameter of `__in` by itself, which takes longer than the database takes to find the row.
    """

    output_field = BooleanField()

    def __init__(self, column: str, numbers: Iterable[int]) -> None:
        """The numbers are written in one text, with commas between them."""
        super().__init__(F(column), Value(",".join(map(str, numbers)), output_field=TextField()))

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **more: Any) -> tuple[str, Any]:
        """Return the condition for SQLite, which reads a list from JSON."""
        parts = {"arg_joiner": " IN (SELECT value FROM json_each('[' || ", "template": "%(expressions)s || ']'))"}
        return self.as_sql(compiler, connection, **parts, **more)

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **more: Any) -> tuple[str, Any]:
        """Return the condition for PostgreSQL, which has arrays."""
        parts = {"arg_joiner": " = ANY(string_to_array(", "template": "%(expressions)s, ',')::bigint[])"}
        return self.as_sql(compiler, connection, **parts, **more)
