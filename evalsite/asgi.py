"""The site as an ASGI application."""

import os

from django.conf import settings
from django.core.asgi import get_asgi_application

from evalsite.body_limits import LimitedBodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evalsite.settings")

application = LimitedBodies(get_asgi_application(), settings.UPLOAD_LIMIT_BYTES)
