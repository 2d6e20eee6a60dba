"""What somebody typed into a form that was refused: shown again, so that it can be copied and nothing is lost."""

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, UnreadablePostError
from django.http.multipartparser import MultiPartParserError

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
SECRET = ("password", "api_key", "token", "headers")
"""Words in the names of fields that are shown to nobody."""
HIDDEN = frozenset({"back", "next", "seen", "seen_at", "showing", "revision", "every", "do"})
"""Fields that nobody typed."""
MOST_FIELDS = 100


def typed_in(request: HttpRequest) -> list[tuple[str, str]]:
    """Return names and texts of what a form of the site sent, without what is secret; nothing readable: []."""
    if request.method != "POST" or not request.headers.get("Content-Type", "").startswith(FORMS):
        return []
    try:
        fields = request.POST
    except (SuspiciousOperation, UnreadablePostError, MultiPartParserError):  # perhaps that is why it was refused
        return []
    sent = ((name, text) for name, texts in fields.lists() for text in texts)
    return [(name, text) for name, text in sent if text.strip() and _is_shown(name)][:MOST_FIELDS]


def _is_shown(name: str) -> bool:
    return name not in HIDDEN and not any(word in name for word in SECRET)
