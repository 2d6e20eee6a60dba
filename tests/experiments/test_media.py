"""Images, audio and files: what may stand for one in a prompt, and where their bytes are kept."""

import base64
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from experiments.media import BadPart, checked_part, data_uri, images_in, medium, split_data_uri, without_data
from experiments.media_store import APART_ABOVE_BYTES, bytes_of, media_apart, media_loaded, part_of_bytes
from experiments.templating import TemplateProblem, check_messages, compile_messages, item_context
from experiments.templating.preview import preview_of

PNG = b"\x89PNG\r\n\x1a\n"
URI = data_uri("image/png", PNG)
LARGE = PNG * (APART_ABOVE_BYTES // len(PNG) + 1)
SHA = "a" * 64


@pytest.fixture(autouse=True)
def data(settings: Settings, tmp_path: Path) -> None:
    """An own data directory."""
    settings.DATA_DIR = tmp_path


def prompt(*parts: Any) -> list[dict[str, Any]]:
    """Return a prompt of one message of these parts."""
    return [{"role": "user", "content": list(parts)}]


def rendered(*parts: Any, **given: Any) -> Any:
    """Return the parts that these become for an item."""
    context = item_context(given or "x", {}, (), "k", {})
    return compile_messages(prompt(*parts)).render(context)[0]["parts"]


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        ("Look: {{ x }}", {"type": "text", "text": "Look: {{ x }}"}),
        ({"type": "text", "text": "a"}, {"type": "text", "text": "a"}),
        ({"type": "image", "url": " https://x/{{ n }}.png "}, {"type": "image", "url": "https://x/{{ n }}.png"}),
        ({"type": "image", "from": "picture"}, {"type": "image", "url": "{{ picture }}"}),
        ({"type": "audio", "from": "metadata.sound"}, {"type": "audio", "url": "{{ metadata.sound }}"}),
        (
            {"type": "image", "blob": SHA, "media_type": "image/png"},
            {"type": "image", "blob": SHA, "media_type": "image/png"},
        ),
    ],
)
def test_checked_part_has_one_form(raw: Any, part: dict[str, str]) -> None:
    assert checked_part(raw) == part
    assert checked_part(part) == part


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (5, "a part is a text, or has a type: text, image, audio, file"),
        ({"type": "video", "url": "x"}, "a part is a text, or has a type"),
        ({"text": "a"}, "a part is a text, or has a type"),
        ({"type": "text"}, "a part of type text has text, nothing else"),
        ({"type": "text", "text": "a", "url": "b"}, "a part of type text has text, nothing else"),
        ({"type": "image"}, "a part of type image has one of url, from and file, nothing else"),
        ({"type": "image", "url": ""}, "a part of type image has one of url, from and file"),
        ({"type": "image", "url": "a", "from": "b"}, "a part of type image has one of url, from and file"),
        ({"type": "image", "from": "a b"}, '"a b" is no name of a variable: write from: picture'),
        ({"type": "image", "blob": "x", "media_type": "image/png"}, "has blob .a SHA-256. and media_type"),
        ({"type": "image", "blob": SHA, "media_type": "text/html"}, "'text/html' is none of image/png, image/jpeg"),
    ],
)
def test_checked_part_of_anything_else_says_what_to_write(raw: Any, sentence: str) -> None:
    with pytest.raises(BadPart, match=sentence):
        checked_part(raw)


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("image", "https://x/y.png?a=b"),
        ("image", URI),
        ("audio", data_uri("audio/wav", b"RIFF")),
        ("file", data_uri("application/pdf", b"%PDF")),
    ],
)
def test_medium_of_an_address_or_a_data_uri(kind: str, url: str) -> None:
    assert medium(kind, f" {url}\n") == {"type": kind, "url": url}


@pytest.mark.parametrize(
    ("kind", "url", "sentence"),
    [
        ("image", "cat.png", '"cat.png" stands for no image: give an address .https://…. or a data URI of image/png'),
        ("image", "", "stands for no image"),
        ("image", "javascript:alert(1)", "stands for no image"),
        ("image", "https://x/a b", "stands for no image"),
        ("image", "data:image/svg+xml;base64,AAAA", "stands for no image"),
        ("image", "data:image/png;base64,A", "stands for no image"),
        ("image", "data:image/png;base64,AA==" + "A" * 100, "stands for no image"),
        ("audio", "https://x/y.wav", "stands for no audio: give a data URI of audio/wav, audio/mpeg$"),
    ],
)
def test_medium_of_anything_else_says_what_to_give(kind: str, url: str, sentence: str) -> None:
    with pytest.raises(BadPart, match=sentence):
        medium(kind, url)


def test_split_data_uri_gives_media_type_and_base64() -> None:
    assert split_data_uri(URI, "image") == ("image/png", base64.b64encode(PNG).decode())
    assert split_data_uri(URI, "audio") is None


def test_without_data_names_the_media_type_only() -> None:
    uri = data_uri("image/png", PNG * 10)

    assert (
        without_data(f'{{"picture": "{uri}", "q": "data: what?"}}') == '{"picture": "[image/png]", "q": "data: what?"}'
    )


@pytest.mark.parametrize(
    ("value", "images"),
    [
        (URI, [URI]),
        ({"b": URI, "a": "text", "n": 1, "sound": data_uri("audio/wav", b"x")}, [URI]),
        ("https://x/y.png", []),
        (None, []),
    ],
)
def test_images_in_an_input_are_its_data_uris(value: Any, images: list[str]) -> None:
    assert images_in(value) == images


def test_render_of_parts_gives_texts_and_media_in_their_order() -> None:
    parts = [
        "What is {{ q }}?",
        {"type": "image", "from": "picture"},
        {"type": "image", "url": "https://x/{{ q }}.png"},
    ]

    assert rendered(*parts, q="this", picture=URI) == [
        {"type": "text", "text": "What is this?"},
        {"type": "image", "url": URI},
        {"type": "image", "url": "https://x/this.png"},
    ]


def test_render_of_what_is_no_image_names_the_message() -> None:
    with pytest.raises(TemplateProblem, match=r'line 1: "cat\.png" stands for no image'):
        rendered({"type": "image", "from": "picture"}, picture="cat.png")


def test_render_of_a_missing_picture_names_it() -> None:
    with pytest.raises(TemplateProblem, match=r'"picture" is missing; .* did you mean "pictures"'):
        rendered({"type": "image", "from": "picture"}, pictures=URI)


def test_compile_of_a_constant_that_is_no_image_says_so_at_once() -> None:
    with pytest.raises(TemplateProblem, match="stands for no image"):
        compile_messages(prompt({"type": "image", "url": "cat.png"}))


def test_compiled_parts_know_their_variables() -> None:
    compiled = compile_messages(prompt("{{ q }}", {"type": "image", "from": "metadata.picture"}))

    assert (compiled.variables, compiled.is_constant) == ({"q", "metadata.picture"}, False)


def test_check_messages_names_the_part_that_is_wrong() -> None:
    with pytest.raises(TemplateProblem, match="message 1, part 2: a part is a text, or has a type"):
        check_messages(prompt("a", {"type": "odd"}))


def test_check_messages_of_a_blob_is_for_those_who_may_see_it() -> None:
    named = prompt({"type": "image", "blob": SHA, "media_type": "image/png"})

    with pytest.raises(TemplateProblem, match="a file comes with an experiment file"):
        check_messages(named)

    assert check_messages(named, known_blobs=None) == named
    assert check_messages(named, known_blobs=lambda: [SHA, "b" * 64]) == named


def test_preview_of_parts_shows_media_in_brackets_and_marks_unknown_names() -> None:
    parts = ["What is {{ odd }}?", {"type": "image", "url": URI}]

    shown = preview_of(prompt(*parts), item_context({"q": "a"}, {}, (), "k", {})).messages[0]
    right = preview_of(prompt(*parts), item_context({"odd": "a"}, {}, (), "k", {})).messages[0]

    assert [piece.text for piece in shown.source if piece.problem] == ["odd"]
    assert right.rendered == f"What is a?\n[image: {URI}]"


def test_part_of_bytes_is_a_data_uri_up_to_64_kib_and_a_blob_above() -> None:
    small, large = part_of_bytes("image", "image/png", PNG), part_of_bytes("image", "image/png", LARGE)

    assert small == {"type": "image", "url": URI}
    assert set(large) == {"type", "blob", "media_type"}
    assert [bytes_of(part) for part in (small, large)] == [("image/png", PNG), ("image/png", LARGE)]


def test_bytes_of_an_address_or_a_text_are_none() -> None:
    assert bytes_of({"type": "image", "url": "https://x/y.png"}) is None
    assert bytes_of({"type": "text", "text": URI}) is None


def test_media_apart_and_loaded_are_each_others_inverse() -> None:
    image = {"type": "image", "url": data_uri("image/png", LARGE)}
    messages = [{"role": "user", "parts": [{"type": "text", "text": "a"}, image, {"type": "image", "url": URI}]}]

    apart = media_apart(messages)

    assert [set(part) for part in apart[0]["parts"]] == [
        {"type", "text"},
        {"type", "blob", "media_type"},
        {"type", "url"},
    ]
    assert media_loaded(apart) == messages
    assert messages[0]["parts"][1] is image  # type: ignore[index]


def test_media_loaded_leaves_texts_alone() -> None:
    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "parts": [{"type": "text", "text": "b"}]}]

    assert media_loaded(messages, "content") == messages
