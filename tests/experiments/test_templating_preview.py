"""A prompt shown with an item while it is written."""

from typing import Any

import pytest

from experiments.templating import item_context
from experiments.templating.preview import PromptPreview, names_of, preview_of

CONTEXT = item_context({"question": "2 + 2?", "context": ""}, {"topic": "sums"}, ("a",), "k1", {"company": "Acme"})


def shown(*templates: str, role: str = "user") -> PromptPreview:
    """Return the preview of these messages."""
    return preview_of([{"role": role, "content": template} for template in templates], CONTEXT)


def marked(preview: PromptPreview) -> list[tuple[str, str]]:
    """Return the marked names of a preview with their sentences."""
    return [(piece.text, piece.problem) for one in preview.messages for piece in one.source if piece.problem]


def test_preview_renders_each_message_with_the_item() -> None:
    preview = shown("You work for {{ vars.company }}.", "{{ question }} ({{ metadata.topic }})")

    assert [message.rendered for message in preview.messages] == ["You work for Acme.", "2 + 2? (sums)"]
    assert (preview.problem, preview.is_constant) == ("", False)


def test_preview_marks_an_unknown_name_with_a_suggestion() -> None:
    preview = shown("Say: {{ qestion }} now")

    assert marked(preview) == [
        (
            "qestion",
            '"qestion" is missing; there are context, key, metadata, question, tags, vars; did you mean "question"?',
        )
    ]
    assert "".join(piece.text for piece in preview.messages[0].source) == "Say: {{ qestion }} now"
    assert preview.messages[0].rendered is None
    assert "qestion" in preview.problem


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("{{ metadata.topik }}", ["metadata.topik"]),
        ("topik {{ topik }} {% if topik %}topik{% endif %}", ["topik", "topik"]),
        ("{{ 'topik' }} {{ topik }}", ["topik"]),
        ("{{ question }}", []),
        ("{{ question.topik }}", ["question.topik"]),
    ],
)
def test_preview_marks_names_only_where_they_are_read(template: str, names: list[str]) -> None:
    assert [name for name, _ in marked(shown(template))] == names


@pytest.mark.parametrize(
    ("messages", "problem"),
    [
        ([{"role": "user", "content": "{{ question"}], "line 1"),
        ([{"role": "boss", "content": "hi"}], 'role "boss"'),
        ([], "at least one message"),
    ],
)
def test_preview_of_what_is_no_prompt_says_why(messages: list[dict[str, Any]], problem: str) -> None:
    preview = preview_of(messages, CONTEXT)

    assert problem in preview.problem
    assert [message.rendered for message in preview.messages] == [None] * len(messages)


def test_preview_of_a_prompt_without_variables_is_constant() -> None:
    assert shown("Say hello to {{ vars.company }}.").is_constant


def test_names_of_an_item_are_written_as_templates_take_them() -> None:
    context = item_context({"question": "?"}, {"topic": "a", 'a "b"': "c"}, (), "k", {"company": "Acme"})

    names = names_of(context)

    assert names == ["question", "metadata.topic", r'metadata["a \"b\""]', "vars.company", "key", "tags"]
    assert shown_with(names, context) == ["?", "a", "c", "Acme", "k", "[]"]


def shown_with(names: list[str], context: dict[str, Any]) -> list[str | None]:
    """Return each name as a template of its own renders it."""
    messages = [{"role": "user", "content": f"{{{{ {name} }}}}"} for name in names]
    return [message.rendered for message in preview_of(messages, context).messages]
