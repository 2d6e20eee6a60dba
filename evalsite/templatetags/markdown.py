"""Showing Markdown in templates."""

from django import template
from django.utils.safestring import SafeString, mark_safe

from evalsite.markdown import as_html

register = template.Library()


@register.filter
def markdown(text: str) -> SafeString:
    """Return Markdown as sanitized HTML; "" where there is none or it is too long to render."""
    return mark_safe(as_html(str(text or "")))  # noqa: S308 - sanitized
