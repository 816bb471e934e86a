"""Settings of the tests: the embedded mode, hurried and walled in."""

import gc
import os
from pathlib import Path

gc.disable()  # until the tests are collected: looking through what is imported takes a fifth of it
_root = Path(__file__).resolve().parent.parent
os.environ.setdefault("VAR_DIR", str(_root / "var" / "tests"))

from portal.settings import *  # noqa: E402, F403
from portal.settings import DATABASES, INSTALLED_APPS, STORAGES, VAR_DIR  # noqa: E402

INSTALLED_APPS = [*INSTALLED_APPS, "bench"]  # the commands of those who work on the portal
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
SECRET_KEY = "tests only, fifty characters and more, never used elsewhere"
CELERY_BROKER_URL = BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS = {}
TESTING = True
# Every test comes from one network, within a minute; those of the limits set their own.
SEARCHES_PER_MINUTE_AND_NETWORK = 1_000_000
EXPORTS_PER_MINUTE_AND_NETWORK = EXPORTS_AT_A_TIME = EXPORTS_AT_A_TIME_AND_NETWORK = 1_000_000
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["NAME"] = str(VAR_DIR / "unused.sqlite3")
    _options = DATABASES["default"]["OPTIONS"]
    _options["init_command"] = _options["init_command"].replace(
        "synchronous=FULL", "synchronous=OFF"
    )
