"""Prompt templates: what they render to, what is missing, what is refused."""

from typing import Any

import pytest

from experiments.templating import TemplateProblem, check_messages, compile_messages, item_context

NAMES = "input, key, metadata, tags, vars"
LONG = "a" * 1_000_000


def context(given: Any = "abc") -> dict[str, Any]:
    return item_context(given, {"topic": "sums", "level": 3, "none": None}, ("t1", "t2"), "k1", {"company": "Acme"})


def rendered(source: str, given: Any = "abc") -> str:
    return str(compile_messages(source).render(context(given))[-1]["parts"][0]["text"])


def test_render_of_messages_returns_roles_and_text_parts() -> None:
    prompt = compile_messages(
        [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Q: {{ question }}"}]
    )

    messages = prompt.render(context({"question": "why?"}))

    assert messages == [
        {"role": "system", "parts": [{"type": "text", "text": "Be brief."}]},
        {"role": "user", "parts": [{"type": "text", "text": "Q: why?"}]},
    ]


def test_render_twice_gives_messages_that_share_nothing() -> None:
    prompt = compile_messages("constant")
    first = prompt.render(context())
    first[0]["parts"].clear()

    assert prompt.render(context())[0]["parts"] == [{"type": "text", "text": "constant"}]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ input }}", "abc"),
        ("{{ input }}\n", "abc\n"),
        ("\n\n{{ input }}\n\n", "\n\nabc\n\n"),
        ("{{ metadata.topic }} {{ metadata['topic'] }}", "sums sums"),
        ("{{ metadata.level + 1 }} {{ metadata.level * 2 }} {{ 7 % 2 }}", "4 6 1"),
        ("{{ vars.company }}, {{ key }}", "Acme, k1"),
        ("{{ tags }} {{ tags|join(', ') }} {{ tags[0] }}", '["t1", "t2"] t1, t2 t1'),
        ("{% for tag in tags %}{{ loop.index }}{{ tag }}{% if not loop.last %};{% endif %}{% endfor %}", "1t1;2t2"),
        ("{% if false %}{{ nothing }}{% endif %}ok", "ok"),
        ("{% raw %}{{ input }}{% endraw %}", "{{ input }}"),
        ("{# a note #}x", "x"),
        ("{{ nothing|default('none') }}", "none"),
        ("{{ nothing is defined }}", "false"),
        ("[{{ metadata.none }}]", "[]"),
        ("{{ input ~ '-' ~ metadata.level }}", "abc-3"),
        ("{{ input + '!' }}", "abc!"),
        ("{{ input|upper|replace('B', 'xx') }}", "AxxC"),
        ("{{ 'one two three'|truncate(9) }}", "one..."),
        ("{{ 2.567|round(1) }}", "2.6"),
        ("{{ metadata|tojson }}", '{"topic": "sums", "level": 3, "none": null}'),
        ("{{ 'ü'|tojson }}", '"ü"'),
        ("{% if metadata.topic in ['sums', 'facts'] %}in{% endif %}", "in"),
        ("{% set name = input %}{{ name }}", "abc"),
        ("{{ input[1:] }}", "bc"),
        ("{{ tags[9]|default('-') }}", "-"),
        ("no variable", "no variable"),
        ("100 % of {braces}", "100 % of {braces}"),
    ],
)
def test_render_of_a_template_returns_its_text(source: str, text: str) -> None:
    assert rendered(source) == text


@pytest.mark.parametrize("given", ["{{ vars.company }}", "{% raw %}", "{{ 1/0 }}", "", "<b>&amp;</b>", "ü\u2028\n"])
def test_render_of_item_text_inserts_it_as_it_is(given: str) -> None:
    assert rendered("{{ input }}", given) == given


def test_render_of_a_megabyte_passes() -> None:
    assert rendered("{{ input }}", LONG) == LONG


def test_render_of_an_empty_cell_is_empty() -> None:
    assert rendered("[{{ context }}]", {"context": ""}) == "[]"


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("{{ inptu }}", f'line 1: "inptu" is missing; there are {NAMES}; did you mean "input"?'),
        ("a\nb\n{{ question }}", f'line 3: "question" is missing; there are {NAMES}'),
        (
            "{{ metadata.tpic }}",
            'line 1: "metadata.tpic" is missing; there are level, none, topic; did you mean "topic"?',
        ),
        ("{{ metadata['z'] }}", 'line 1: "metadata.z" is missing; there are level, none, topic'),
        ("{{ metadata.a.b }}", 'line 1: "metadata.a" is missing; there are level, none, topic'),
        ("{{ metadata.topic.x }}", 'line 1: "metadata.topic.x" is missing; there is nothing'),
        ("{{ nope.deep }}", f'line 1: "nope" is missing; there are {NAMES}'),
        ("{{ nope|upper }}", f'line 1: "nope" is missing; there are {NAMES}'),
        ("{{ nope + 1 }}", f'line 1: "nope" is missing; there are {NAMES}'),
        ("{{ nope ~ 1 }}", f'line 1: "nope" is missing; there are {NAMES}'),
        ("{% for x in nope %}{% endfor %}", f'line 1: "nope" is missing; there are {NAMES}'),
        ("{% if nope %}{% endif %}", f'line 1: "nope" is missing; there are {NAMES}'),
        ("{{ tags[9] }}", 'line 1: "9" is missing'),
        ("{{ metadata.items }}", 'line 1: "metadata.items" is missing; there are level, none, topic'),
        ("{{ input.__class__ }}", 'line 1: "input.__class__" is missing; there is nothing'),
        ("{{ ''['__class__'] }}", 'line 1: "__class__" is missing'),
        ("{{ 1 / 0 }}", "line 1: division by zero"),
        ("{{ input + 1 }}", "line 1: + takes numbers here; to join texts, write them side by side or with ~"),
        ("{{ tags|map(attribute='x')|list }}", 'line 1: "x" is missing'),
        ("{{ tags|reverse }}", "line 1: this is no value that can be shown; add |list or |join"),
    ],
)
def test_render_of_what_does_not_fit_names_the_place(source: str, sentence: str) -> None:
    prompt = compile_messages(source)

    with pytest.raises(TemplateProblem) as caught:
        prompt.render(context())

    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("{{ 'a' * 1000000000 }}", "* takes numbers here; to join texts, write them side by side or with ~"),
        ("{{ '%999999999s' % input }}", "% takes numbers here; to join texts, write them side by side or with ~"),
        ("{% set a = input %}" + "{% set a = a ~ a %}" * 40, "a text would be longer than 4,194,304 characters"),
        ("{% set a = input %}" + "{% set a = a + a %}" * 40, "a text would be longer than 4,194,304 characters"),
        ("{{ input" + "|replace('a', 'aaaaaaaaaa')" * 9 + " }}", "a text would be longer than 4,194,304 characters"),
        ("{{ input|replace('', input) }}", "replace: the text to replace is empty"),
        ("{{ tags|tojson(indent=99999999) }}", "tojson: indent is 0 to 8"),
        ("{{ 1|round(99999999) }}", "round: decimals are 0 to 15"),
    ],
)
def test_render_of_a_bomb_is_refused_before_it_grows(source: str, sentence: str) -> None:
    with pytest.raises(TemplateProblem) as caught:
        rendered(source)

    assert str(caught.value) == f"line 1: {sentence}"


def test_render_of_too_much_output_is_refused() -> None:
    with pytest.raises(TemplateProblem, match="the message would be longer than 4,194,304 characters"):
        rendered("{{ input }}" * 5, LONG)


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in input %}{% for b in input %}{% for c in input %}{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in input %}{{ input|select('defined')|list|length }}{% endfor %}",
    ],
)
def test_render_of_endless_loops_is_refused(source: str) -> None:
    with pytest.raises(TemplateProblem, match="line 1: the loops run for more than 100,000 rounds"):
        rendered(source, "a" * 1000)


def test_render_counts_loops_anew_for_each_item() -> None:
    prompt = compile_messages("{% for letter in input %}{% endfor %}")
    prompt.render(context("a" * 90_000))

    assert prompt.render(context("a" * 90_000))[0]["parts"][0]["text"] == ""


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("{{ expected }}", "line 1: {{ expected }}: expected answers are never shown to a model"),
        ("x\n{{ expected|upper }}", "line 2: {{ expected }}: expected answers are never shown to a model"),
        ("{{ 10 ** 9 }}", "line 1: powers are not allowed in a template"),
        ("{{ range(9) }}", "line 1: a template cannot call anything; use a filter, like {{ text|upper }}"),
        (
            "{{ '{0:>99999999}'.format(1) }}",
            "line 1: a template cannot call anything; use a filter, like {{ text|upper }}",
        ),
        ("a\n{% include 'x' %}", "line 2: a template cannot read other files"),
        ("{% extends 'x' %}", "line 1: a template cannot read other files"),
        ("{% macro f() %}{% endmacro %}", "line 1: macros are not allowed in a template"),
        ("{% set a %}x{% endset %}", "line 1: {% set %} takes a value here, not a block"),
        ("{% filter upper %}x{% endfilter %}", "line 1: FilterBlock is not allowed in a template"),
        ("{{ [input, input] }}", "line 1: a list or object written in a template holds constants only"),
        ("{{ (", "line 1: unexpected 'end of template'"),
        ("{% if %}", "line 1: Expected an expression, got 'end of statement block'"),
        ("{% frobnicate %}", "line 1: Encountered unknown tag 'frobnicate'"),
        ("{{ " + "(" * 500 + "1" + ")" * 500 + " }}", "line 1: the template is nested too deeply"),
        ("{{ x }}" + "a" * 262_144, "line 1: the template is longer than 262,144 characters"),
    ],
)
def test_compile_of_what_is_wrong_or_refused_names_the_line(source: str, sentence: str) -> None:
    with pytest.raises(TemplateProblem) as caught:
        compile_messages(source)

    assert str(caught.value) == sentence


@pytest.mark.parametrize("name", ["foo", "center", "indent", "wordwrap", "format", "pprint", "attr", "random", "batch"])
def test_compile_of_a_filter_that_is_not_there_lists_those_that_are(name: str) -> None:
    with pytest.raises(TemplateProblem, match=f'line 1: there is no filter "{name}"; there are abs, capitalize,'):
        compile_messages(f"{{{{ input|{name} }}}}")


def test_compile_of_several_messages_names_the_message() -> None:
    messages = [{"role": "system", "content": "x"}, {"role": "user", "content": "a\n{{ ( }}"}]

    with pytest.raises(TemplateProblem, match="message 2, line 2: unexpected '}'"):
        compile_messages(messages)


def test_variables_of_templates_are_dotted_where_they_look_inside() -> None:
    prompt = compile_messages(
        [
            {"role": "system", "content": "{{ vars.company }}{% for t in tags %}{{ t }}{% endfor %}"},
            {"role": "user", "content": "{% set q = question %}{{ q }} {{ metadata['topic'].x }} {{ docs[0].title }}"},
        ]
    )

    assert prompt.variables == {"vars.company", "tags", "question", "metadata.topic.x", "docs"}


@pytest.mark.parametrize(
    ("source", "is_constant"),
    [("Hello", True), ("{{ vars.company }}", True), ("{{ input }}", False), ("{{ key }}{{ vars.x }}", False)],
)
def test_is_constant_says_whether_items_matter(source: str, *, is_constant: bool) -> None:
    assert compile_messages(source).is_constant is is_constant


def test_check_messages_of_a_text_returns_one_user_message() -> None:
    assert check_messages("{{ input }}") == [{"role": "user", "content": "{{ input }}"}]


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ([], "a prompt is a text or a list of at least one message with role and content"),
        (None, "a prompt is a text or a list of at least one message with role and content"),
        (3, "a prompt is a text or a list of at least one message with role and content"),
        ("", "message 1: its content is empty"),
        ([{"role": "user", "content": " \n"}], "message 1: its content is empty"),
        ([{"role": "user", "content": None}], "message 1: its content is empty"),
        ([{"role": "user"}], "message 1: a message has role and content, nothing else"),
        (["hello"], "message 1: a message has role and content, nothing else"),
        (
            [{"role": "user", "content": "x", "name": "n"}],
            "message 1: a message has role and content, nothing else",
        ),
        (
            [{"role": "user", "content": "x"}, {"role": "tool", "content": "x"}],
            'message 2: role "tool" is not one of system, user, assistant',
        ),
        ([{"role": "user", "content": "{{ expected }}"}], "line 1: {{ expected }}: expected answers are never shown"),
    ],
)
def test_check_messages_of_what_is_no_prompt_says_so(raw: Any, sentence: str) -> None:
    with pytest.raises(TemplateProblem) as caught:
        check_messages(raw)

    assert str(caught.value).startswith(sentence)


def test_item_context_of_a_text_names_it_input_and_holds_no_expected() -> None:
    assert context("abc") == {
        "input": "abc",
        "metadata": {"topic": "sums", "level": 3, "none": None},
        "tags": ("t1", "t2"),
        "key": "k1",
        "vars": {"company": "Acme"},
    }


def test_item_context_of_an_object_holds_its_variables_beside_the_rest() -> None:
    names = context({"question": "q", "metadata": "shadowed"})

    assert names["question"] == "q"
    assert names["metadata"]["topic"] == "sums"
    assert "input" not in names
