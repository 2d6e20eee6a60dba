"""What a simulated model does with a call: the answer, or what goes wrong with it, and when."""

from dataclasses import dataclass

from runs.simulator.chat import SAMPLE_DIGITS, ChatAnswer, ChatCall, cut, prompt_tokens
from runs.simulator.knowledge import Knowledge
from runs.simulator.models import Draws, Fault, SimulatedModel, draw

REFUSAL = "I'm sorry, but I can't help with that."
SAMPLES = 10**SAMPLE_DIGITS
WITHOUT_ANSWER = (Fault.TIMEOUT, Fault.RETRY_429, Fault.ERROR, Fault.MALFORMED, Fault.DROP)
BROKEN_OFF = (Fault.CUT, Fault.ENDLESS)


@dataclass(slots=True)
class Reaction:
    """What becomes of one call."""

    delay_s: float
    """Seconds until it is answered, or dropped."""
    fault: Fault | None
    answer: ChatAnswer | None
    """None: the fault leaves none."""
    rest_s: float = 0.0
    """Seconds from the first piece of a streamed answer to its end."""


class Models:
    """The models of a simulator and what they know; remembers which calls were told to come again."""

    def __init__(self, models: tuple[SimulatedModel, ...], knowledge: Knowledge, *, seed: int) -> None:
        self._models = {model.name: model for model in models}
        self._knowledge, self._seed = knowledge, seed
        self._put_off: set[tuple[str, Draws]] = set()

    @property
    def names(self) -> list[str]:
        """The names of all models, in the order of the catalogue."""
        return list(self._models)

    def named(self, name: str) -> SimulatedModel | None:
        """Return the model of this name; None: there is none."""
        return self._models.get(name)

    def forget(self) -> None:
        """Begin anew: calls that were told to come again will be told so once more."""
        self._put_off.clear()

    def react(self, model: SimulatedModel, call: ChatCall) -> Reaction:
        """Return what becomes of a call; the same for the same call, but for what its first try alone meets."""
        draws = draw(self._seed, model.name, call.prompt, call.sample)
        fault = model.fault(draws)
        if self._passes(model, fault) and not self._is_put_off(model, draws):
            fault = None
        if fault is Fault.RETRY_429:
            return Reaction(0.0, fault, None)
        if fault is Fault.TIMEOUT:
            return Reaction(model.hang_s, fault, None)
        answer = None if fault in WITHOUT_ANSWER else self._answer(model, call, draws, fault)
        if answer is not None and call.choices > 1:
            answer.others = self._others(model, call, fault)
        latency_s = model.latency_s(draws)
        first_s = latency_s * model.first_token_share if call.is_stream else latency_s
        return Reaction(first_s, fault, answer, latency_s - first_s)

    def _others(self, model: SimulatedModel, call: ChatCall, fault: Fault | None) -> tuple[ChatAnswer, ...]:
        """Return the choices behind the first, each of draws of its own: those of no sample that is asked for."""
        samples = [call.sample + choice * SAMPLES for choice in range(1, call.choices)]
        draws = [draw(self._seed, model.name, call.prompt, sample) for sample in samples]
        return tuple(self._answer(model, call, each, fault) for each in draws)

    @staticmethod
    def _passes(model: SimulatedModel, fault: Fault | None) -> bool:
        """Return whether a fault meets the first try of a call alone."""
        return fault is Fault.RETRY_429 or (model.faults_pass and fault in WITHOUT_ANSWER + BROKEN_OFF)

    def _is_put_off(self, model: SimulatedModel, draws: Draws) -> bool:
        """Return whether this is the first try of a call, and remember that it was made."""
        known = len(self._put_off)
        self._put_off.add((model.name, draws))
        return len(self._put_off) > known

    def _answer(self, model: SimulatedModel, call: ChatCall, draws: Draws, fault: Fault | None) -> ChatAnswer:
        if fault is Fault.REFUSAL:
            return ChatAnswer("", prompt_tokens(call), model.tokens_out(REFUSAL, draws), refusal=REFUSAL)
        text = self._knowledge.reply(call.question, is_right=model.is_right(draws), choice=draws.choice)
        answer = ChatAnswer(text, prompt_tokens(call), model.tokens_out(text, draws))
        if fault is Fault.TRUNCATION:
            answer = cut(answer, max(1, answer.tokens_out // 2))
        if call.max_tokens is not None and call.max_tokens < answer.tokens_out:
            answer = cut(answer, call.max_tokens)
        return answer
