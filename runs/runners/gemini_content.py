"""The wire format of the Gemini API's generateContent: addresses, bodies and answers. Pure functions.

Source: the public reference of the Gemini API, v1beta.
"""

from collections.abc import Mapping
from typing import Any, TypedDict
from urllib.parse import quote

import orjson

from experiments.cleaning import clean_text
from experiments.media import split_data_uri
from runs.exchange import CallFailed, Completion, Message, NeedsPerson, Request
from runs.runners.answers import assistant_message, count, invalid, object_of, tool_call, total
from runs.runners.base import HttpResponse
from runs.runners.params import (
    Check,
    function_of,
    functions,
    functions_of,
    highest,
    json_format,
    schema_of,
    stops_of,
    tool_choice,
)

BASE_URL = "https://generativelanguage.googleapis.com"
MODELS = "models/"
PREFIXES = (MODELS, "tunedModels/")
ANSWERED = ("STOP", "FINISH_REASON_UNSPECIFIED", None)
REFUSED = ("SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY")
LARGEST_SEED = 2**31 - 1
MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY"}
CONFIG = {
    "temperature": "temperature",
    "top_p": "topP",
    "max_tokens": "maxOutputTokens",
    "seed": "seed",
    "n": "candidateCount",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
}


def _seed(value: Any) -> str:
    return "" if abs(value) <= LARGEST_SEED else f"is from {-LARGEST_SEED} to {LARGEST_SEED} with such providers"


def _effort(_value: Any) -> str:
    return 'write what the model has for it: extra_body: {"generationConfig": {"thinkingConfig": {…}}}'


CHECKS: Mapping[str, Check] = {
    "seed": _seed,
    "n": highest(8),
    "reasoning_effort": _effort,
    "response_format": json_format,
    "tools": functions,
    "tool_choice": tool_choice,
}


def service_url(base_url: str) -> str:
    """Return what stands before `models/`: base URLs with or without a version or a final slash work."""
    base = (base_url.strip() or BASE_URL).partition("?")[0].rstrip("/").removesuffix("/models")
    return base if base.partition("://")[2].partition("/")[2] else f"{base}/v1beta"


def content_url(base_url: str, model: str, *, is_streamed: bool) -> str:
    """Return where a model is asked."""
    name = quote(model if model.startswith(PREFIXES) else MODELS + model, safe="/")
    query = base_url.partition("?")[2]
    method = "streamGenerateContent?alt=sse" if is_streamed else "generateContent"
    mark = "&" if is_streamed else "?"
    return f"{service_url(base_url)}/{name}:{method}{mark + query if query else ''}"


def models_url(base_url: str) -> str:
    """Return where the models are listed, all on one page."""
    query = base_url.partition("?")[2]
    return f"{service_url(base_url)}/models?{query + '&' if query else ''}pageSize=1000"


def build_body(request: Request) -> bytes:
    """Return the JSON body of a request; objects in `extra_body` are merged into those of the same name.

    Raises CallFailed(runner_error) for what is no JSON, NeedsPerson for messages without a question.
    """
    params = {name: value for name, value in request.params.items() if value is not None}
    turns = [_content(message) for message in request.messages if message["role"] != "system"]
    if not turns:
        raise NeedsPerson("the prompt has system messages only; the API needs a user message: add one")
    system = [part for message in request.messages if message["role"] == "system" for part in _parts(message)]
    config = _generation_config(params)
    body = {
        "contents": turns,
        **({"systemInstruction": {"parts": system}} if system else {}),
        **({"generationConfig": config} if config else {}),
        **_tools(params),
    }
    try:
        return orjson.dumps(_merged(body, params.get("extra_body") or {}))
    except orjson.JSONEncodeError as error:
        raise CallFailed("runner_error", f"the request is no JSON: {error}", is_retriable=False) from None


def _content(message: Message) -> dict[str, Any]:
    return {"role": "model" if message["role"] == "assistant" else "user", "parts": _parts(message)}


def _parts(message: Message) -> list[dict[str, Any]]:
    return [_part(part) for part in message["parts"]]


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return one part. Raises NeedsPerson for a medium by its address, which the API does not fetch."""
    if part["type"] == "text":
        return {"text": part["text"]}
    found = split_data_uri(part["url"], part["type"])
    if found is None:
        raise NeedsPerson(f"the API fetches no {part['type']} from an address: give a data URI, or a path in the file")
    return {"inlineData": {"mimeType": found[0], "data": found[1]}}


def _generation_config(params: Mapping[str, Any]) -> dict[str, Any]:
    config = {wire: params[name] for name, wire in CONFIG.items() if name in params and params[name] is not None}
    if config.get("candidateCount") == 1:
        del config["candidateCount"]
    if "stop" in params:
        config["stopSequences"] = stops_of(params["stop"])
    wanted = params.get("response_format") or {}
    if wanted.get("type") in ("json_object", "json_schema"):
        config["responseMimeType"] = "application/json"
    schema = schema_of(wanted)
    return config if schema is None else {**config, "responseJsonSchema": schema}


def _tools(params: Mapping[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if "tools" in params:
        body["tools"] = [{"functionDeclarations": [_declared(function) for function in functions_of(params["tools"])]}]
    if "tool_choice" in params:
        body["toolConfig"] = {"functionCallingConfig": _calling(params["tool_choice"])}
    return body


def _declared(function: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: function[name] for name in ("name", "description") if function.get(name) is not None}
    return {**kept, "parametersJsonSchema": function["parameters"]} if function.get("parameters") else kept


def _calling(choice: Any) -> dict[str, Any]:
    named = function_of(choice)
    return {"mode": "ANY", "allowedFunctionNames": [named["name"]]} if named else {"mode": MODES[choice]}


def _merged(body: Any, extra: Any) -> Any:
    """Return a body with extra values; objects are merged, since most of what is extra stands in generationConfig."""
    if not isinstance(body, dict) or not isinstance(extra, dict):
        return extra
    return {**body, **{name: _merged(body.get(name), value) for name, value in extra.items()}}


def parse_answer(response: HttpResponse, *, url: str) -> Completion:
    """Return the completion of a 200. Raises CallFailed(invalid_output), or NeedsPerson for a page instead of JSON."""
    return completion_of(object_of(response, url), response)


def completion_of(body: Mapping[str, Any], response: HttpResponse | None = None) -> Completion:
    """Return what an answer comes to: the first candidate is the answer, the others are kept beside it.

    Raises CallFailed(invalid_output), with the body of a response.
    """
    counted = _usage(body)
    candidates = [one for one in body.get("candidates") or () if isinstance(one, dict)]
    blocked = _object_in(body, "promptFeedback").get("blockReason")
    if not candidates and blocked:
        detail = clean_text(f"the prompt was blocked: {blocked}")
        return Completion("", "refused", detail, assistant_message(""), **counted)
    if not candidates:
        raise invalid("the answer holds no candidates", response)
    outcome, detail = _outcome(candidates[0])
    if not outcome:
        raise invalid(detail, response)
    message = _message(candidates[0])
    if len(candidates) > 1:
        message["other_choices"] = [_other(candidate) for candidate in candidates[1:]]
    text = message["parts"][0]["text"]
    return Completion(text, outcome, detail, message, **counted)


class Usage(TypedDict):
    """What an answer was counted as."""

    tokens_in: int | None
    cached_tokens: int | None
    """Those of the tokens in that came from the cache."""
    tokens_out: int | None


def _usage(body: Mapping[str, Any]) -> Usage:
    """Return the tokens: thoughts are put out and paid like the answer; what tools brought is read."""
    usage = _object_in(body, "usageMetadata")
    return {
        "tokens_in": total(usage.get("promptTokenCount"), usage.get("toolUsePromptTokenCount")),
        "cached_tokens": count(usage.get("cachedContentTokenCount")),
        "tokens_out": total(usage.get("candidatesTokenCount"), usage.get("thoughtsTokenCount")),
    }


def _outcome(candidate: Mapping[str, Any]) -> tuple[str, str]:
    """Return the outcome and why; the outcome is "" where the answer is none."""
    reason = candidate.get("finishReason")
    if reason in ANSWERED:
        return "ok", ""
    if reason == "MAX_TOKENS":
        return "truncated", "length limit"
    said = candidate.get("finishMessage")
    detail = clean_text(f"the provider stopped: {reason}{f', {said}' if said else ''}")
    return ("refused" if reason in REFUSED else ""), detail


def _message(candidate: Mapping[str, Any]) -> Message:
    listed = _object_in(candidate, "content").get("parts")
    parts = [part for part in listed if isinstance(part, dict)] if isinstance(listed, list) else []
    called = [_object_in(part, "functionCall") for part in parts if "functionCall" in part]
    calls = [tool_call(call.get("id"), call.get("name"), call.get("args") or {}) for call in called]
    texts = {is_thought: _text(parts, is_thought=is_thought) for is_thought in (False, True)}
    return assistant_message(clean_text(texts[False]), reasoning=texts[True], tool_calls=calls)


def _text(parts: list[dict[str, Any]], *, is_thought: bool) -> str:
    return "".join(str(part.get("text") or "") for part in parts if bool(part.get("thought")) == is_thought)


def _other(candidate: Mapping[str, Any]) -> Message:
    """Return a candidate that is not the answer as the transcript keeps it, with what became of it unless it is ok."""
    outcome, detail = _outcome(candidate)
    kept = _message(candidate)
    return kept if outcome == "ok" else {**kept, "outcome": outcome or "invalid_output", "detail": detail}


def _object_in(holder: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = holder.get(name)
    return found if isinstance(found, dict) else {}


def parse_models(response: HttpResponse, *, url: str) -> list[str]:
    """Return the names of the models that generate content. Raises CallFailed or NeedsPerson."""
    models = object_of(response, url).get("models")
    if not isinstance(models, list) or not all(isinstance(model, dict) and "name" in model for model in models):
        raise invalid(f"{url} lists no models", response)
    return [
        clean_text(str(model["name"]).removeprefix(MODELS))
        for model in models
        if "generateContent" in model.get("supportedGenerationMethods", ["generateContent"])
    ]
