"""Prices and headers as rows of fields: what they come to, what is wrong with them, and nothing lost."""

from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from experiments.models import Project, Provider
from experiments.row_fields import MOST, SPARE, HeadersField, PricesField
from tests.factories import ProviderFactory


class RowsForm(forms.Form):
    """Both kinds of rows."""

    prices = PricesField(error_messages={"invalid": "This is not JSON."})
    headers = HeadersField()


def price(number: int, model: str, *amounts: str) -> dict[str, str]:
    """Return a row of prices as a browser sends it."""
    sides = ("input", "output", "cached_input")
    typed = {f"prices-{number}-{side}": amount for side, amount in zip(sides, amounts, strict=False)}
    return {f"prices-{number}-model": model, **typed}


def header(number: int, name: str, value: str) -> dict[str, str]:
    """Return a row of headers as a browser sends it."""
    return {f"headers-{number}-name": name, f"headers-{number}-value": value}


def test_rows_become_an_object_and_empty_ones_nothing() -> None:
    typed = {**price(0, "small", "0.1", "10", ""), **price(1, "", "", ""), **price(12, " large ", "2.50", "0", "1")}
    form = RowsForm({**typed, **header(0, "X-Team", "evals"), **header(1, "", "")})

    assert form.is_valid()
    assert form.cleaned_data == {
        "prices": {
            "small": {"input": 0.1, "output": 10},
            "large": {"input": 2.5, "output": 0, "cached_input": 1},
        },
        "headers": {"X-Team": "evals"},
    }


@pytest.mark.parametrize(
    ("text", "prices"), [("", {}), ('{"m": {"input": 1, "output": 2}}', {"m": {"input": 1, "output": 2}})]
)
def test_json_is_taken_too(text: str, prices: dict[str, Any]) -> None:
    form = RowsForm({"prices": text})

    assert form.is_valid()
    assert form.cleaned_data["prices"] == prices


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        (price(0, "", "1", "2"), "Name the model of 1, 2."),
        (price(0, "m", "1", ""), "Type the output price of m as a number of at least 0"),
        (price(0, "m", "1", "free"), "Type the output price of m as a number"),
        (price(0, "m", "-1", "2"), "Type the input price of m as a number"),
        (price(0, "m", "1", "2", "nan"), "Type the cached input price of m as a number"),
        ({**price(0, "m", "1", "2"), **price(1, "m", "1", "2")}, "m has two rows: leave one of them."),
        ({"prices": "{"}, "This is not JSON."),
    ],
)
def test_rows_that_do_not_fit_are_told_and_kept(typed: dict[str, str], problem: str) -> None:
    form = RowsForm(typed)

    shown = str(form["prices"])

    assert problem in form.errors["prices"][0]
    assert [text for text in typed.values() if f'value="{text}"' not in shown and text not in shown] == []


def test_all_rows_that_do_not_fit_are_told_at_once() -> None:
    form = RowsForm({**price(0, "a", "x", "2"), **price(1, "b", "1", "y")})

    assert len(form.errors["prices"]) == 2


def test_stored_prices_are_shown_as_people_write_them_with_empty_rows_below() -> None:
    stored = {"small": {"input": 1e-05, "output": 10}}

    shown = str(RowsForm(initial={"prices": stored})["prices"])

    assert 'name="prices-0-input" id="id_prices-0-input" value="0.00001"' in shown
    assert shown.count('aria-label="Model, row') == 1 + SPARE


@pytest.mark.parametrize(
    "stored", [{"m": {"input": 1}}, {"m": 7}, {f"m{n}": {"input": 1, "output": 1} for n in range(MOST + 1)}]
)
def test_stored_prices_that_fit_no_rows_are_shown_as_json(stored: dict[str, Any]) -> None:
    assert "<textarea" in str(RowsForm(initial={"prices": stored})["prices"])


def test_provider_keeps_a_hidden_header_and_takes_another(client: Client, editor: User, project: Project) -> None:
    provider = ProviderFactory(project=project, name="local", headers={"X-Secret": "s3cret"}, prices={})
    client.force_login(editor)
    address = reverse("experiments:provider-detail", args=[provider.uid])
    shown = client.get(address).content.decode()
    rows = {**header(0, "X-Secret", "[hidden]"), **header(1, "X-Team", "evals"), **price(0, "m", "1", "2.5")}
    values = {"name": "local", "kind": provider.kind, "base_url": provider.base_url, "max_in_flight": "8"}

    answer = client.post(address, {**values, **rows, "options": "{}"})

    assert "s3cret" not in shown
    assert answer.status_code == 302
    assert Provider.objects.values_list("headers", "prices").get() == (
        {"X-Secret": "s3cret", "X-Team": "evals"},
        {"m": {"input": 1, "output": 2.5}},
    )
