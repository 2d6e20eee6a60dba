"""The runner for any endpoint that speaks JSON over HTTP: an agent, a service of one's own."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from experiments.cleaning import clean_text
from experiments.options import ChoiceField
from experiments.templating import TemplateProblem
from runs.exchange import CallFailed, Completion, NeedsPerson, Request
from runs.runners.answers import invalid, object_of
from runs.runners.base import Connection, HttpResponse, Transport
from runs.runners.chat_errors import classify_error
from runs.runners.endpoint import EndpointOptions, EndpointRunner, Outgoing
from runs.runners.http_answers import HINT, AnswerStream, parse_answer, paths_of
from runs.runners.http_templates import (
    body_of,
    compiled,
    context_of,
    media_of,
    names_read,
    params_read,
    rendered_headers,
    rendered_path,
)
from runs.runners.json_paths import BadPath
from runs.runners.json_paths import compiled as compiled_path

LONGEST = 16_384
DEFAULT_BODY = {"model": "{{ model }}", "messages": "{{ messages }}"}
MEDIA_SENTENCE = (
    "the prompt has images, audio or files, which no template of {} sends: "
    "put {{{{ media }}}} into its body, or leave them out"
)
UNUSED = "is read by no template of the provider: write {{{{ params.{} }}}} where it belongs, or leave it out"


class PathField(forms.CharField):
    """A path into an answer."""

    def __init__(self, *, initial: str = "", help_text: str) -> None:
        super().__init__(required=False, initial=initial, max_length=500, help_text=help_text)

    def clean(self, value: Any) -> str:
        """Return the path. Raises ValidationError for what is none."""
        text = str(super().clean(value))
        try:
            return text if not text or compiled_path(text) else ""
        except BadPath as bad:
            raise ValidationError(f"{bad}.") from None


class TemplateField(forms.JSONField):
    """A JSON value whose texts are templates."""

    def __init__(self, *, initial: Any, help_text: str, wants_texts: bool = False) -> None:
        super().__init__(required=False, initial=initial, help_text=help_text)
        self._wants_texts = wants_texts

    def clean(self, value: Any) -> Any:
        """Return the value. Raises ValidationError for templates that are wrong or refused."""
        found = super().clean(value)
        if found is None:
            return self.initial
        if self._wants_texts and not (isinstance(found, dict) and all(isinstance(one, str) for one in found.values())):
            raise ValidationError('Write an object of texts, like {"X-Session": "{{ key }}"}.')
        if self._wants_texts and any(name.lower() == "authorization" for name in found):
            raise ValidationError("A key is named, never written: set api_key_env instead of Authorization.")
        if len(json.dumps(found)) > LONGEST:
            raise ValidationError(f"Write at most {LONGEST:,} characters.")
        return _checked(found)


class PathTemplateField(forms.CharField):
    """A template for a part of a URL."""

    def __init__(self, *, help_text: str) -> None:
        super().__init__(required=False, initial="", max_length=2000, help_text=help_text)

    def clean(self, value: Any) -> str:
        """Return the template. Raises ValidationError for one that is wrong, or might lead to another host."""
        text = str(super().clean(value))
        if text and text[0] not in "/?":
            raise ValidationError('Write what stands behind the base URL: it begins with "/" or "?".')
        return str(_checked(text))


def _checked(template: Any) -> Any:
    try:
        compiled(template)
    except TemplateProblem as problem:
        raise ValidationError(f"{problem}.") from None
    return template


class HttpOptions(EndpointOptions):
    """What a call sends, and where things stand in the answer."""

    method = ChoiceField(choices=[("POST", "POST"), ("GET", "GET")], initial="POST", help_text="GET sends no body.")
    path = PathTemplateField(help_text="A template for what stands behind the base URL: /ask?topic={{ params.topic }}")
    request_headers = TemplateField(initial={}, wants_texts=True, help_text="Headers whose values are templates.")
    body = TemplateField(
        initial=DEFAULT_BODY, help_text="A JSON value whose texts are templates; of prompt, messages, …"
    )
    key_header = forms.CharField(required=False, initial="Authorization", help_text="The header that carries the key.")
    key_prefix = forms.CharField(
        required=False, initial="Bearer ", strip=False, help_text="What stands before the key."
    )
    text = PathField(
        initial="output | text | answer", help_text="Where the text stands; empty: the answer is the text."
    )
    tokens_in = PathField(help_text="Where the number of tokens in stands.")
    tokens_out = PathField(help_text="Where the number of tokens out stands.")
    refusal = PathField(help_text="What says that the model refused.")
    truncated = PathField(help_text="What says that the answer was cut: finish_reason=length")
    error = PathField(initial="error", help_text="What says that there is no answer.")
    models_path = PathTemplateField(help_text="Where models are listed, behind the base URL.")
    models = PathField(initial="data[*].id", help_text="Where their names stand in the list.")


class HttpRunner(EndpointRunner):
    """Asks an endpoint as its provider's templates say, and reads the answer by paths."""

    label = "JSON over HTTP"
    help_text = "Any endpoint that takes and gives JSON, or events: templates say what is sent, paths what came."
    needs_url = True
    needs_model = False
    Options = HttpOptions
    identity = (
        *("method", "path", "request_headers", "body", "text", "refusal", "truncated", "error"),
        *("tokens_in", "tokens_out"),
    )

    def __init__(self, connection: Connection, transport: Transport) -> None:
        self._options = HttpOptions.parse(connection.options)
        self._path, self._body = compiled(self._options["path"]), compiled(self._options["body"])
        self._own_headers = compiled(self._options["request_headers"])
        self._paths = paths_of(self._options)
        templates = [self._path, self._own_headers, self._body]
        self._sends_media = any(name.partition(".")[0] == "media" for name in names_read(templates))
        super().__init__(connection, transport)

    @classmethod
    def check_params(cls, params: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, str]:
        """Return the parameters that no template reads, by name."""
        given = HttpOptions.parse(options)
        templates = [compiled(given[name]) for name in ("path", "request_headers", "body")]
        read = set(params_read(templates))
        sent = {"stream"} if given["method"] == "POST" else set()
        if isinstance(given["body"], dict) and sent:
            sent.add("extra_body")
        unused = [] if "" in read else [name for name in params if name not in read]
        return {name: UNUSED.format(name) for name in unused if name not in sent}

    def connect(self, base_url: str, api_key: str | None) -> None:
        """Call this endpoint with this key from now on."""
        super().connect(base_url, api_key)
        self._base_url = base_url.strip().rstrip("/")

    def key_headers(self, api_key: str) -> Mapping[str, str]:
        """Return the header that carries the key."""
        name = self._options["key_header"]
        return {name: f"{self._options['key_prefix']}{api_key}"} if name else {}

    def outgoing(self, request: Request, *, is_streamed: bool) -> Outgoing:
        """Return what a call sends. Raises CallFailed, and NeedsPerson for media that no template sends."""
        if not self._sends_media and media_of(request):
            raise NeedsPerson(MEDIA_SENTENCE.format(self.connection.name))
        context = context_of(request)
        extra = dict(request.params.get("extra_body") or {})
        headers = {**self.headers_for(request), **rendered_headers(self._own_headers, context)}
        if is_streamed:
            headers["Accept"] = "text/event-stream"
        url = self._base_url + rendered_path(self._path, context)
        return Outgoing(url, body_of(self._body, context, extra), headers)

    async def ask(self, call: Outgoing) -> HttpResponse:
        """Return what comes back."""
        if self._options["method"] == "GET":
            return await self.transport.get(call.url, headers=call.headers)
        return await super().ask(call)

    def is_streamed(self, request: Request) -> bool:
        """Return whether an answer is to come in pieces."""
        return self._options["method"] == "POST" and super().is_streamed(request)

    def assembly(self) -> AnswerStream:
        """Return what puts a streamed answer together."""
        return AnswerStream(self._paths)

    def parse(self, response: HttpResponse, url: str) -> Completion:
        """Return the completion of a success. Raises CallFailed or NeedsPerson."""
        return parse_answer(response, self._paths, url=url)

    def classify(
        self, response: HttpResponse, url: str, request: Request | None
    ) -> CallFailed | NeedsPerson | Completion:
        """Return what an answer other than a success means."""
        return classify_error(response, url=url, request=request, now=datetime.now(UTC), hint=HINT)

    def models_url(self) -> str:
        """Return where models are listed; "" where the provider does not say."""
        path = self._options["models_path"]
        return self._base_url + path if path else ""

    def parse_models(self, response: HttpResponse, url: str) -> list[str]:
        """Return the models of a list. Raises CallFailed or NeedsPerson."""
        names = compiled_path(self._options["models"] or "data[*].id").find(object_of(response, url))
        if not names:
            raise invalid(f"{url} lists no models", response)
        return list(dict.fromkeys(clean_text(str(name)) for name in names))
