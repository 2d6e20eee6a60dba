"""Constraints of the database under test: which there are, and what a database says when one is breached."""

import re

from django.apps import apps
from django.db import connection
from django.db.models import BaseConstraint, Model, UniqueConstraint


def constraints_of(app: str) -> dict[str, tuple[type[Model], BaseConstraint]]:
    """Return every constraint of an app with its model, by name."""
    models = apps.get_app_config(app).get_models()
    return {constraint.name: (model, constraint) for model in models for constraint in model._meta.constraints}


def breach_pattern(app: str, name: str) -> str:
    """Return the pattern of the error of a breach; SQLite names the columns of unique constraints instead of them."""
    model, constraint = constraints_of(app)[name]
    if connection.vendor != "sqlite" or not isinstance(constraint, UniqueConstraint):
        return re.escape(name)
    columns = [f"{model._meta.db_table}.{model._meta.get_field(field).column}" for field in constraint.fields]
    return re.escape(f"UNIQUE constraint failed: {', '.join(columns)}") + "$"
