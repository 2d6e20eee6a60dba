"""How many tokens a call will take, before the provider has counted them."""

from dataclasses import dataclass

from runs.exchange import Request

CHARACTERS_TO_TOKEN = 4.0
FIRST_TOKENS_OUT = 256.0
NEWEST = 0.05
"""Weight of the newest answer in a running mean, once twenty have come."""
MOST_OUT = ("max_completion_tokens", "max_output_tokens", "max_tokens")


def characters_of(request: Request) -> int:
    """Return the length of a request's texts."""
    return sum(len(part.get("text") or "") for message in request.messages for part in message.get("parts", ()))


@dataclass(slots=True)
class TokenEstimate:
    """Running means of one model's answers. What is estimated of many calls comes to what they take."""

    answers: int = 0
    characters: float = CHARACTERS_TO_TOKEN
    tokens_in: float = 1.0
    tokens_out: float = FIRST_TOKENS_OUT

    def of(self, request: Request) -> tuple[float, float]:
        """Return the tokens (in, out) that a request is thought to take."""
        most = next((request.params[name] for name in MOST_OUT if isinstance(request.params.get(name), int)), None)
        out = self.tokens_out if self.answers or most is None else float(most)
        return characters_of(request) * self.tokens_in / self.characters, out

    def learn(self, request: Request, tokens_in: int, tokens_out: int) -> None:
        """Take the usage of an answer into the means."""
        self.answers += 1
        weight = max(NEWEST, 1 / self.answers)
        self.characters += weight * (max(1, characters_of(request)) - self.characters)
        self.tokens_in += weight * (tokens_in - self.tokens_in)
        self.tokens_out += weight * (tokens_out - self.tokens_out)


class TokenEstimates:
    """The estimates of a line, by model."""

    def __init__(self) -> None:
        self._models: dict[str, TokenEstimate] = {}

    def of(self, request: Request) -> tuple[float, float]:
        """Return the tokens (in, out) that a request is thought to take."""
        return self._model(request).of(request)

    def learn(self, request: Request, tokens_in: int | None, tokens_out: int | None) -> int | None:
        """Take an answer's usage into the means; return its tokens, None where the provider did not say."""
        if tokens_in is None or tokens_out is None:
            return None
        self._model(request).learn(request, tokens_in, tokens_out)
        return tokens_in + tokens_out

    def _model(self, request: Request) -> TokenEstimate:
        return self._models.setdefault(request.model, TokenEstimate())
