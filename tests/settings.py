"""The site's settings in tests: an own data directory, quick passwords, uncollected static files, nothing from outside.

Every process of the tests has its own directory, removed when it ends. `EVALSITE_TEST_DATABASE` is set by
`tests.postgres_server` alone; without it the database is an SQLite file, as on one machine.
"""

import atexit
import os
import shutil
import tempfile

for name in [name for name in os.environ if name.startswith("EVALSITE_") or name in ("DATABASE_URL", "HOST", "PORT")]:
    if name not in ("EVALSITE_CHROME", "EVALSITE_TEST_DATABASE"):
        del os.environ[name]
_directory = tempfile.mkdtemp(prefix="evalsite-tests-")
atexit.register(shutil.rmtree, _directory, ignore_errors=True)
os.environ["EVALSITE_DATA"] = _directory
os.environ["EVALSITE_SECRET_KEY"] = "not a secret: the tests sign with it and nobody else does"
if "EVALSITE_TEST_DATABASE" in os.environ:
    os.environ["DATABASE_URL"] = os.environ["EVALSITE_TEST_DATABASE"]

from evalsite.settings import *  # noqa: E402, F403
from evalsite.settings import DATA_DIR, DATABASES, STATIC_ROOT, STORAGES  # noqa: E402

if "DATABASE_URL" not in os.environ:
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
SEVERED_AFTER_S = 0  # a test is one transaction, and may take its time
API_REQUESTS_PER_TOKEN = API_REQUESTS_PER_PERSON = 0  # the cache outlives a test; those of the limit set one
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True  # served as the site serves them, from where they are written
