"""Names of OpenTelemetry's attributes and events, as constants of our own: its package of names need not be there.

Source: OpenTelemetry semantic conventions for generative AI, spans and events (status: development).
"""

OPERATION_NAME = "gen_ai.operation.name"
PROVIDER_NAME = "gen_ai.provider.name"
REQUEST_MODEL = "gen_ai.request.model"
REQUEST_TEMPERATURE = "gen_ai.request.temperature"
REQUEST_MAX_TOKENS = "gen_ai.request.max_tokens"
USAGE_INPUT_TOKENS = "gen_ai.usage.input_tokens"
USAGE_OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
EVALUATION_RESULT = "gen_ai.evaluation.result"
EVALUATION_NAME = "gen_ai.evaluation.name"
EVALUATION_VALUE = "gen_ai.evaluation.score.value"
EVALUATION_LABEL = "gen_ai.evaluation.score.label"
ERROR_TYPE = "error.type"
HTTP_STATUS = "http.response.status_code"
SERVER_ADDRESS, SERVER_PORT = "server.address", "server.port"
CHAT = "chat"

RUN_ID, RUN_NAME, RUN_STATUS = "evalsite.run.id", "evalsite.run.name", "evalsite.run.status"
RESULT_ID, ITEM_KEY, TRIAL = "evalsite.result.id", "evalsite.item.key", "evalsite.trial"
OUTCOME, REUSED, COST_USD, WAIT_MS = "evalsite.outcome", "evalsite.reused", "evalsite.cost_usd", "evalsite.wait_ms"
"""Ours: what the conventions have no name for."""
