"""The call that made a result as a shell command. It tells no secret: keys and headers are variables of the shell."""

import json
import re
import shlex
from itertools import takewhile
from typing import cast

from evalsite.plugins import runners
from experiments.models import Provider
from runs.exchange import CallFailed, Message, NeedsPerson, Request
from runs.models import Result, Run
from runs.runners.base import Connection, Transport
from runs.runners.endpoint import EndpointRunner, Outgoing
from runs.runners.secrets import Secrets, query_values
from runs.simulator.address import read_address

KEY = "API_KEY"
SIMULATOR = "simulator"
UNFIT = re.compile(r"[^A-Z0-9]+")


def curl_of(run: Run, result: Result, messages: list[Message]) -> str | None:
    """Return the command, from the transcript's messages; None: no request is kept, it holds media, or no HTTP."""
    asked = list(takewhile(lambda message: not message.get("call"), messages))
    if not asked or not all(_is_text(message) for message in asked):
        return None
    base_url = run.config["base_url"] or _announced(run.provider)
    runner = _runner_at(run.provider, base_url)
    if runner is None:
        return None
    request = Request(run.config["model"], asked, run.config["params"], result.item.key, result.trial)
    try:
        outgoing = runner.outgoing(request, is_streamed=False)
    except (CallFailed, NeedsPerson):
        return None
    return _command(outgoing, base_url, _secret_headers(runner, run.provider))


def _is_text(message: Message) -> bool:
    return all(part.get("type") == "text" for part in message.get("parts", ()))


def _announced(provider: Provider) -> str:
    address = read_address() if provider.kind == SIMULATOR else None
    return address.url if address else ""


def _runner_at(provider: Provider, base_url: str) -> EndpointRunner | None:
    """Return the provider's runner without a key and without a network; None: it asks no endpoint, or none is known."""
    kind = runners.get(provider.kind)
    if not issubclass(kind, EndpointRunner) or (not base_url and (kind.needs_url or provider.kind == SIMULATOR)):
        return None
    options = kind.Options.parse(provider.options)
    connection = Connection(name=provider.name, base_url=base_url, options=options)
    return cast("EndpointRunner", kind(connection, cast("Transport", None)))


def _secret_headers(runner: EndpointRunner, provider: Provider) -> list[str]:
    """Return the headers whose values nobody is told: of the key, and those that the provider adds."""
    own = {name: f"${UNFIT.sub('_', name.upper())}" for name in provider.headers}
    return [f'-H "{name}: {value}"' for name, value in {**runner.key_headers(f"${KEY}"), **own}.items()]


def _command(outgoing: Outgoing, base_url: str, secret_headers: list[str]) -> str:
    url = Secrets(*query_values(base_url)).hide(outgoing.url)
    plain = [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in outgoing.headers.items()]
    body = f"-d {shlex.quote(_readable(outgoing.body))}"
    return " \\\n  ".join([f"curl {shlex.quote(url)}", *plain, *secret_headers, body])


def _readable(body: bytes) -> str:
    """Return a JSON body with its letters as they are; any other body as it is."""
    try:
        return json.dumps(json.loads(body), ensure_ascii=False)
    except ValueError:
        return body.decode(errors="replace")
