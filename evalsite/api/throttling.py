"""How often the API may be called: so many requests a minute of a token, and of a person over all tokens."""

import time
from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from experiments.models import AccessToken

WINDOW_S = 60


class MinuteThrottle(BaseThrottle):
    """Counts the requests of whoever calls in each minute of the clock, in the cache."""

    clock: Callable[[], float] = staticmethod(time.time)

    def limit(self) -> int:
        """Return how many requests a minute are allowed; 0: any number."""
        raise NotImplementedError

    def caller(self, request: Request) -> str | None:
        """Return whose requests are counted together; None: nobody's."""
        raise NotImplementedError

    def allow_request(self, request: Request, view: object) -> bool:
        """Count a request; False when the minute's are used up."""
        del view  # all views alike
        caller, limit = self.caller(request), self.limit()
        if caller is None or not limit:
            return True
        return _counted(f"api-{caller}-{int(self.clock() // WINDOW_S)}") <= limit

    def wait(self) -> float:
        """Return the seconds until the next minute begins."""
        return WINDOW_S - self.clock() % WINDOW_S


def _counted(key: str) -> int:
    """Count one more under the key; return how many there are. A full cache forgets: then it counts anew."""
    cache.add(key, 0, timeout=2 * WINDOW_S)
    try:
        return cache.incr(key)
    except ValueError:
        return 1


class TokenThrottle(MinuteThrottle):
    """Requests with one token."""

    def limit(self) -> int:
        """Return how many requests a minute a token is good for."""
        return int(settings.API_REQUESTS_PER_TOKEN)

    def caller(self, request: Request) -> str | None:
        """Return the token that was sent."""
        return f"token-{request.auth.uid}" if isinstance(request.auth, AccessToken) else None


class PersonThrottle(MinuteThrottle):
    """Requests of one person, whatever the token."""

    def limit(self) -> int:
        """Return how many requests a minute a person may make."""
        return int(settings.API_REQUESTS_PER_PERSON)

    def caller(self, request: Request) -> str | None:
        """Return the person who calls."""
        return f"person-{request.user.pk}" if request.user.is_authenticated else None
