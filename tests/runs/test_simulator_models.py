"""Simulated models: what they draw, how often they are right, what goes wrong."""

from collections import Counter
from pathlib import Path
from statistics import median

import pytest

from runs.simulator.catalogue import CatalogueProblem, load_knowledge, load_models
from runs.simulator.models import Draws, Fault, SimulatedModel, draw, tokens_in

PROMPTS = [f"prompt {number}" for number in range(2000)]
GOLDEN = [0.565172, 0.103835, 0.994727, 0.018522, 0.497005]
HALF = Draws(0.5, 0.5, 0.5, 0.5, 0.5)


def faults_of(model: SimulatedModel) -> Counter[Fault | None]:
    """Return how often each fault strikes over many prompts."""
    return Counter(model.fault(draw(1, model.name, prompt, 0)) for prompt in PROMPTS)


def test_draw_of_a_call_is_the_same_on_every_machine() -> None:
    found = draw(1, "sim-large", "2+2=?", 0)

    assert [round(number, 6) for number in found] == GOLDEN


def test_draw_depends_on_seed_model_prompt_and_sample() -> None:
    calls = [(1, "m", "p", 0), (2, "m", "p", 0), (1, "n", "p", 0), (1, "m", "q", 0), (1, "m", "p", 1)]

    assert len({draw(*call) for call in calls}) == 5


def test_is_right_over_many_prompts_comes_to_the_accuracy() -> None:
    model = SimulatedModel("m", accuracy=0.7)

    right = sum(model.is_right(draw(1, "m", prompt, 0)) for prompt in PROMPTS)

    assert 0.67 < right / len(PROMPTS) < 0.73


@pytest.mark.parametrize("accuracy", [0.0, 1.0])
def test_is_right_at_the_ends_is_always_or_never(accuracy: float) -> None:
    model = SimulatedModel("m", accuracy=accuracy)

    assert {model.is_right(draw(1, "m", prompt, 0)) for prompt in PROMPTS} == {accuracy == 1.0}


@pytest.mark.parametrize("fault", list(Fault))
def test_fault_over_many_prompts_comes_to_its_rate(fault: Fault) -> None:
    found = faults_of(SimulatedModel("m", **{f"{fault}_rate": 0.2}))

    assert set(found) == {None, fault}
    assert 0.17 < found[fault] / len(PROMPTS) < 0.23


def test_fault_of_a_model_without_any_is_none() -> None:
    assert set(faults_of(SimulatedModel("m"))) == {None}


def test_fault_with_several_rates_strikes_each() -> None:
    found = faults_of(SimulatedModel("m", refusal_rate=0.5, drop_rate=0.5))

    assert set(found) == {Fault.REFUSAL, Fault.DROP}


def test_latency_has_the_median_and_the_spread_that_were_asked_for() -> None:
    model = SimulatedModel("m", latency_ms=200, latency_sigma=0.5)

    seconds = sorted(model.latency_s(draw(1, "m", prompt, 0)) for prompt in PROMPTS)

    assert 0.19 < median(seconds) < 0.21
    assert seconds[-1] > 0.4
    assert model.latency_s(HALF) == pytest.approx(0.2)


@pytest.mark.parametrize("model", [SimulatedModel("m"), SimulatedModel("m", latency_sigma=1.0)])
def test_latency_of_a_model_without_any_is_zero(model: SimulatedModel) -> None:
    assert model.latency_s(HALF) == 0.0


@pytest.mark.parametrize(("answer_tokens", "counted"), [(None, 3), (80, 80), (0, 1)])
def test_tokens_out_are_those_asked_for_else_those_of_the_text(answer_tokens: int | None, counted: int) -> None:
    assert SimulatedModel("m", answer_tokens=answer_tokens).tokens_out("nine char", HALF) == counted


@pytest.mark.parametrize(("text", "tokens"), [("", 1), ("abc", 1), ("abcde", 2)])
def test_tokens_in_are_one_for_four_characters_begun(text: str, tokens: int) -> None:
    assert tokens_in(text) == tokens


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"name": "m", "accuracy": 1.5}, "rates lie between 0 and 1"),
        ({"name": "m", "drop_rate": -0.1}, "rates lie between 0 and 1"),
        ({"name": "m", "drop_rate": 0.6, "error_rate": 0.6}, "add up to at most 1"),
        ({"name": "m", "first_token_share": 1.1}, "first_token_share lies between 0 and 1"),
        ({"name": "m", "latency_ms": -1}, "numbers of at least 0"),
        ({"name": "m", "hang_s": float("inf")}, "numbers of at least 0"),
        ({"name": "m", "speed": 1}, "no speed"),
        ({"accuracy": 1}, "a model has a name"),
        ({"name": "m", "latency_ms": "fast"}, "every value but the name is a number"),
    ],
)
def test_from_json_of_what_fits_no_model_says_why(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        SimulatedModel.from_json(values)


def test_load_models_without_a_file_gives_those_of_the_site() -> None:
    models = {model.name: model for model in load_models()}

    assert list(models) == ["sim-large", "sim-cautious", "sim-flaky", "sim-small", "sim-instant"]
    assert models["sim-instant"] == SimulatedModel("sim-instant")
    assert models["sim-large"].accuracy > models["sim-cautious"].accuracy > models["sim-small"].accuracy


@pytest.mark.parametrize("text", ["", "{}", "[]", "[5]", '[{"name": "a"}, {"name": "a"}]', '[{"name": "a", "x": 1}]'])
def test_load_models_of_a_wrong_file_names_it(text: str, tmp_path: Path) -> None:
    path = tmp_path / "models.json"
    path.write_text(text)

    with pytest.raises(CatalogueProblem, match=r"models\.json: "):
        load_models(path)


def test_load_knowledge_without_a_file_knows_the_questions_of_the_site() -> None:
    knowledge = load_knowledge()

    assert len(knowledge) >= 60
    assert knowledge.reply("What is the capital of Canada?", is_right=True, choice=0.0).endswith("\nA: Ottawa")


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        "[]",
        '{"question": "q", "answer": "a"}',
        '{"question": "q", "answer": "a", "wrong": []}',
        '{"question": " ", "answer": "a", "wrong": ["b"]}',
        '{"question": 5, "answer": "a", "wrong": ["b"]}',
    ],
)
def test_load_knowledge_of_a_wrong_line_names_file_and_line(line: str, tmp_path: Path) -> None:
    path = tmp_path / "facts.jsonl"
    path.write_text('{"question": "q", "answer": 1, "wrong": [2]}\n\n' + line)

    with pytest.raises(CatalogueProblem, match=r"facts\.jsonl:3: "):
        load_knowledge(path)
