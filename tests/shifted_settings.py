"""The site's settings with a wall clock that a file sets forward or back; the monotonic clock goes on as ever."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.utils import timezone

from evalsite.settings import *  # noqa: F403

SHIFT = Path(os.environ["SHIFT_FILE"])
_real_time, _real_now = time.time, timezone.now


def _shift_s() -> float:
    return float(SHIFT.read_text()) if SHIFT.exists() else 0.0


def _shifted_now() -> datetime:
    return _real_now().astimezone(UTC) + timedelta(seconds=_shift_s())


time.time = lambda: _real_time() + _shift_s()
timezone.now = _shifted_now
