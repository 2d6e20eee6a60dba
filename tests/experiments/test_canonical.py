"""Canonical JSON and the hashes made of it."""

import hashlib
import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from experiments.canonical import canonical_json, config_hash, content_hash, digest_of, item_key

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda parts: st.lists(parts, max_size=4) | st.dictionaries(st.text(max_size=4), parts, max_size=4),
    max_leaves=8,
)
CONFIG: dict[str, Any] = {
    "kind": "openai",
    "base_url": "http://127.0.0.1:8555/v1",
    "model": "small",
    "messages": [{"role": "user", "content": "{{ input }}"}],
    "params": {"temperature": 0, "max_tokens": 512},
}
ROW: dict[str, Any] = {
    "key": "a1",
    "input": {"question": "2+2?"},
    "expected": ["4", "four"],
    "metadata": {"topic": "sums"},
    "tags": ["x", "y"],
    "split": "test",
}


def test_canonical_json_of_nested_values_sorts_names_and_shortens_numbers() -> None:
    written = canonical_json({"b": [1.0, 1e21, True, None], "a": "ä\n"})

    assert written == '{"a":"ä\\n","b":[1,1e+21,true,null]}'.encode()


def test_canonical_json_of_names_beyond_the_basic_plane_sorts_by_utf_16() -> None:
    written = canonical_json({"\ufb33": 1, "\U0001f600": 2})

    assert written == '{"\U0001f600":2,"\ufb33":1}'.encode()


def test_canonical_json_of_whole_numbers_beyond_doubles_keeps_them_apart() -> None:
    assert canonical_json([2**53, -(2**60)]) == b'["9007199254740992","-1152921504606846976"]'


@given(VALUES)
def test_canonical_json_of_any_value_is_that_of_the_scheme(value: Any) -> None:
    assert canonical_json(value) == bytes(rfc8785.dumps(value))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", {"a": [float("-inf")]}])
def test_canonical_json_of_what_json_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"nan|inf|UTF-8|-inf"):
        canonical_json(value)


def test_config_hash_of_a_configuration_is_the_golden_value() -> None:
    assert config_hash(**CONFIG) == "d01ec540a0f59ed6820e7651f6fc915ef203cfbf2d73ff729e9db404741bcb00"


def test_config_hash_of_a_configuration_is_what_sorted_compact_json_hashes_to() -> None:
    by_hand = json.dumps(CONFIG, sort_keys=True, separators=(",", ":"))

    assert config_hash(**CONFIG) == hashlib.sha256(by_hand.encode()).hexdigest()


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "http://127.0.0.1:8555/v1/"},
        {"params": {"max_tokens": 512, "temperature": 0.0}},
        {"params": {**CONFIG["params"], "top_p": None}},
    ],
)
def test_config_hash_of_the_same_thing_written_otherwise_is_equal(change: dict[str, Any]) -> None:
    assert config_hash(**{**CONFIG, **change}) == config_hash(**CONFIG)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "simulator"},
        {"base_url": "http://127.0.0.1:8556/v1"},
        {"model": "Small"},
        {"messages": [{"role": "system", "content": "{{ input }}"}]},
        {"messages": [{"role": "user", "content": "{{ input }}\n"}]},
        {"params": {}},
        {"params": {**CONFIG["params"], "stop": ["0"]}},
    ],
)
def test_config_hash_of_another_configuration_differs(change: dict[str, Any]) -> None:
    assert config_hash(**{**CONFIG, **change}) != config_hash(**CONFIG)


def test_config_hash_with_nothing_given_omits_what_is_absent() -> None:
    bare = config_hash(kind="replay", base_url="", model="m", messages=CONFIG["messages"], params={})

    assert bare == digest_of({"kind": "replay", "model": "m", "messages": CONFIG["messages"]})


def test_content_hash_of_a_row_is_the_golden_value() -> None:
    assert content_hash([ROW]) == "6d3fda3ada5b0180231bfbf054ad3dc2cda09217cb8cd70ef0f67d9052aadc33"


def test_content_hash_reads_rows_one_by_one() -> None:
    rows = iter([ROW, ROW])

    assert content_hash(rows) == content_hash([ROW, ROW])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("key", "a2"),
        ("input", {"question": "2+3?"}),
        ("expected", "4"),
        ("metadata", {}),
        ("tags", ["y", "x"]),
        ("split", ""),
    ],
)
def test_content_hash_of_a_changed_row_differs(name: str, value: Any) -> None:
    assert content_hash([{**ROW, name: value}]) != content_hash([ROW])


def test_content_hash_of_other_order_differs() -> None:
    other = {**ROW, "key": "a2"}

    assert content_hash([ROW, other]) != content_hash([other, ROW])


def test_item_key_of_a_text_is_the_golden_value() -> None:
    assert item_key("What is the capital of France?") == "1b997d5ad21df831"


def test_item_key_of_an_object_does_not_depend_on_the_order_of_its_names() -> None:
    assert item_key({"a": 1, "b": 2}) == item_key({"b": 2, "a": 1})
