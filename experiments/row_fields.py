"""Fields of a form that are rows, as prices by model: empty rows stand below, so that no script is needed for more."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from json import JSONDecodeError
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from experiments.json_faults import placed_fault

SPARE = 3
"""Empty rows below those that are filled in."""
MOST = 100
"""More are written as JSON: a form holds no more fields than a request may have."""
NUMBER = re.compile(r"[0-9]{1,3}")


@dataclass(frozen=True, slots=True)
class Column:
    """One field of each row."""

    name: str
    label: str
    is_amount: bool = False
    """Whether it holds a number."""


class RowsInput(forms.Widget):
    """A grid of inputs; a text where the value is one, as JSON that could not be read."""

    columns: Sequence[Column] = ()

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        """Return JSON where the name itself is sent, else the rows that hold something, each a list of texts."""
        if name in data:
            return super().value_from_datadict(data, files, name)
        parts = (key.removeprefix(f"{name}-").split("-", 1)[0] for key in data if key.startswith(f"{name}-"))
        numbers = sorted({int(part) for part in parts if NUMBER.fullmatch(part)})
        rows = [[data.get(f"{name}-{n}-{column.name}", "").strip() for column in self.columns] for n in numbers]
        return [row for row in rows if any(row)]

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:  # noqa: ARG002 - Django's
        """Return False: rows that are not sent are none."""
        return False

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:  # noqa: ARG002 - Django's
        """Return the grid with its empty rows, or the text."""
        context = {"name": name, "attrs": self.build_attrs(self.attrs, attrs), "columns": self.columns}
        if isinstance(value, str) and value.strip():
            return render_to_string("components/_row_fields.html", {**context, "text": value})
        rows = [*(value if isinstance(value, list) else []), *([""] * len(self.columns) for _ in range(SPARE))]
        cells = [list(zip(self.columns, row, strict=True)) for row in rows]
        return render_to_string("components/_row_fields.html", {**context, "rows": cells})


class RowsField(forms.Field):
    """An object of JSON as rows: the first field of a row is the key. JSON itself is taken too."""

    columns: ClassVar[tuple[Column, ...]] = ()
    noun = ""
    """What a row is called."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, widget=RowsInput(), **options)
        self.widget.columns = self.columns

    def to_python(self, value: Any) -> Any:
        """Return the object that the rows, or the JSON, come to. Raises ValidationError for all that does not fit."""
        if isinstance(value, str):
            return self._read(value)
        found, wrong = {}, []
        for first, *others in value or []:
            try:
                if not first:
                    raise ValidationError(f"Name the {self.noun} of {', '.join(filter(None, others))}.")
                if first in found:
                    raise ValidationError(f"{first} has two rows: leave one of them.")
                found[first] = self.part_of(first, others)
            except ValidationError as error:
                wrong += error.messages
        if wrong:
            raise ValidationError(wrong)
        return found

    def prepare_value(self, value: Any) -> Any:
        """Return the rows of an object; text, and what fits no rows, as JSON."""
        if isinstance(value, str | list):
            return value
        known = value or {}
        try:
            rows = [[str(key), *self.texts_of(part)] for key, part in known.items()]
        except (AttributeError, KeyError, TypeError, InvalidOperation):
            return json.dumps(value, ensure_ascii=False)
        return rows if len(rows) <= MOST else json.dumps(value, ensure_ascii=False, indent=1)

    def part_of(self, key: str, others: list[str]) -> Any:
        """Return what the object holds under the key. Raises ValidationError."""
        raise NotImplementedError

    def texts_of(self, part: Any) -> list[str]:
        """Return what a part of the object is in the fields of its row, the key left out."""
        raise NotImplementedError

    def _read(self, text: str) -> Any:
        if not text.strip():
            return {}
        try:
            return json.loads(text)
        except JSONDecodeError as error:
            raise ValidationError(f"{self.error_messages['invalid']} {placed_fault(error)}.") from error
        except (RecursionError, ValueError) as error:
            raise ValidationError(self.error_messages["invalid"]) from error


class PricesField(RowsField):
    """Prices by model, in USD per million tokens."""

    columns = (
        Column("model", "Model"),
        Column("input", "Input", is_amount=True),
        Column("output", "Output", is_amount=True),
        Column("cached_input", "Cached input", is_amount=True),
    )
    noun = "model"

    def part_of(self, key: str, others: list[str]) -> dict[str, float]:
        """Return the prices of a model; cached input may be left out."""
        sides = [column.name for column in self.columns[1:]]
        typed = {side: text for side, text in zip(sides, others, strict=True) if text or side != "cached_input"}
        return {side: _amount(text, f"the {side.replace('_', ' ')} price of {key}") for side, text in typed.items()}

    def texts_of(self, part: Any) -> list[str]:
        """Return the prices as people write them."""
        amounts = [part["input"], part["output"], part.get("cached_input")]
        return ["" if amount is None else f"{Decimal(str(amount)).normalize():f}" for amount in amounts]


class HeadersField(RowsField):
    """Headers by name."""

    columns = (Column("name", "Name"), Column("value", "Value"))
    noun = "header"

    def part_of(self, key: str, others: list[str]) -> str:  # noqa: ARG002 - a header takes any text
        """Return the value."""
        return others[0]

    def texts_of(self, part: Any) -> list[str]:
        """Return the value."""
        return [part]


def _amount(text: str, what: str) -> float:
    """Return a number of at least 0. Raises ValidationError naming what it is."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not (amount.is_finite() and 0 <= amount < 10**12):
        raise ValidationError(f"Type {what} as a number of at least 0, like 2.5; 0 where it is free.")
    return int(amount) if amount == amount.to_integral_value() else float(amount)
