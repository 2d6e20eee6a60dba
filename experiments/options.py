"""Options of plug-ins: one declaration draws the form, validates API and file, and cleans the stored JSON."""

from collections.abc import Mapping
from typing import Any

from django import forms


class OptionError(ValueError):
    """Options that do not fit; `errors` maps each option's name to a sentence."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {sentence}" for name, sentence in errors.items()))
        self.errors = dict(errors)


class Options(forms.Form):
    """Base of every plug-in's options: a Django form that refuses names it does not know."""

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cleaned options, defaults filled in, as JSON can hold them.

        Raises OptionError for unknown names and for values of the wrong kind.
        """
        form = cls({**cls.defaults(), **raw})
        errors = {name: cls._unknown(name) for name in raw if name not in form.fields}
        if not form.is_valid():
            errors |= {name: " ".join(sentences) for name, sentences in form.errors.items()}
        if errors:
            raise OptionError(errors)
        return dict(form.cleaned_data)

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """Return the value of every option that was not given."""
        return {name: field.initial for name, field in cls.base_fields.items() if field.initial is not None}

    @classmethod
    def _unknown(cls, name: str) -> str:
        known = ", ".join(cls.base_fields) or "none"
        return f'unknown option "{name}"; there are: {known}'


class TextListField(forms.Field):
    """A list of texts, spaces kept; one text stands for a list of one."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> list[str]:
        """Return the list. Raises ValidationError for anything but texts."""
        if value in (None, ""):
            return []
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
            raise forms.ValidationError('Write a list of texts, like [",", " "].')
        return list(texts)


class RangeField(forms.Field):
    """Two finite numbers, the lower one first."""

    def to_python(self, value: Any) -> list[float] | None:
        """Return [low, high], or None when nothing was given. Raises ValidationError otherwise."""
        if value in (None, ""):
            return None
        try:
            low, high = (float(end) for end in value)
        except (TypeError, ValueError):
            raise forms.ValidationError("Write two numbers, like [0, 5000].") from None
        if not (float("-inf") < low < high < float("inf")):
            raise forms.ValidationError("The first number must be below the second, and both finite.")
        return [low, high]
