"""What simulated models answer."""

import pytest

from runs.simulator.knowledge import Fact, Knowledge

SHORT = Fact("Who?", "me", ("you", "they"))
LONG = Fact("Who? And when?", "me, now", ("never",))
KNOWLEDGE = Knowledge([SHORT, LONG])


@pytest.mark.parametrize(
    ("prompt", "fact"),
    [
        ("Who?", SHORT),
        ("Question: Who?\nAnswer with a line.", SHORT),
        ("Say: Who? And when? Now!", LONG),
        ("who?", None),
        ("", None),
    ],
)
def test_fact_in_a_prompt_is_the_longest_question_that_it_holds(prompt: str, fact: Fact | None) -> None:
    assert KNOWLEDGE.fact_in(prompt) is fact


@pytest.mark.parametrize("choice", [0.0, 0.3, 0.6, 0.999])
def test_reply_to_a_known_question_ends_with_the_right_answer(choice: float) -> None:
    text = KNOWLEDGE.reply("Who?", is_right=True, choice=choice)

    assert text.splitlines()[-1] == "A: me"
    assert "me" in text.splitlines()[0]


@pytest.mark.parametrize(("choice", "answer"), [(0.0, "you"), (0.49, "you"), (0.5, "they"), (0.999, "they")])
def test_reply_that_is_wrong_takes_one_of_the_wrong_answers(choice: float, answer: str) -> None:
    assert KNOWLEDGE.reply("Who?", is_right=False, choice=choice).endswith(f"\nA: {answer}")


def test_reply_to_a_question_with_one_wrong_answer_has_several_phrases() -> None:
    texts = {KNOWLEDGE.reply("Who? And when?", is_right=False, choice=step / 10) for step in range(10)}

    assert len(texts) > 1


@pytest.mark.parametrize(
    ("prompt", "right", "wrong"),
    [("2+2=?", "4", "5"), ("What is 17 + -20 = ?", "-3", "-2"), ("a 1+1=? b 2+2=?", "2", "3")],
)
def test_reply_to_a_sum_is_the_number(prompt: str, right: str, wrong: str) -> None:
    assert KNOWLEDGE.reply(prompt, is_right=True, choice=0.0) == right
    assert KNOWLEDGE.reply(prompt, is_right=False, choice=0.0) == wrong


def test_reply_to_anything_else_echoes_its_beginning() -> None:
    assert KNOWLEDGE.reply("x" * 100, is_right=True, choice=0.5) == "You said: " + "x" * 64
