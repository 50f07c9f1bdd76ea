"""Settings, all of them by environment. Without any, the app uses the stack of `deploy/local/up`."""

import os
from pathlib import Path

from shop.environment import addresses, choice, database

BASE_DIR = Path(__file__).resolve().parent.parent
EXAMPLE = BASE_DIR.parent

environment = addresses(EXAMPLE.parents[1] / "local/.state/stack/addresses.env")

DEBUG = choice("DEBUG", "1", "0") == "1"
SECRET_KEY = os.environ.get("SECRET_KEY", "for trying it on one machine")
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
INSTALLED_APPS = ["workorder"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
MIDDLEWARE = ["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

DATABASES = {"default": database(environment.get("DATABASE_URL", "postgres://postgres@127.0.0.1:5432/app"))}
DATABASES["default"]["CONN_MAX_AGE"] = 60
# A reader that takes longer than its lease could store nothing: LEASE_TTL is no less than this.
DATABASES["default"]["OPTIONS"] = {"options": "-c statement_timeout=10s"}

# What the app did before freshet: values live for 300 s, and nothing or signal handlers delete them earlier.
FRESHET_BEFORE = choice("FRESHET_BEFORE", "", "ttl", "signals")
BACKENDS = {
    "django": ("freshet_django.backends.RedisCache", "django.core.cache.backends.redis.RedisCache"),
    "django-redis": ("freshet_django.django_redis.RedisCache", "django_redis.cache.RedisCache"),
}
leased, stock = BACKENDS[choice("CACHE", "django", "django-redis")]
CACHES = {
    "default": {
        "BACKEND": stock if FRESHET_BEFORE else leased,
        "LOCATION": environment.get("REDIS_URL", "redis://127.0.0.1:6379/0"),
    }
}
# The very file that freshet reads, so that both fill the same keys.
FRESHET = {"CONFIG": Path(os.environ.get("FRESHET_CONFIG", EXAMPLE / "freshet.yaml")), "LEASE_TTL": 10.0}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"freshet_django": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO")}},
}
