"""
Runs django-redis' own tests of its default client against our back end.

usage: python tests/django_redis_suite.py FOLDER    the unpacked source distribution of the installed django-redis

Its settings name the back end and the port of Redis as constants, so they are rewritten in a copy. Of its many settings
one is run: what the others change, serializers and compressors, our own tests change too.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import services

SETTINGS = "sqlite"
FILES = ["test_backend.py", "test_client.py", "test_session.py"]

with services.redis_server() as url, tempfile.TemporaryDirectory() as folder:
    # Without the package beside its tests, so that the installed one is tested.
    tests = Path(shutil.copytree(Path(sys.argv[1]) / "tests", Path(folder) / "tests"))
    for settings in tests.glob("settings/*.py"):
        text = settings.read_text()
        text = text.replace("django_redis.cache.RedisCache", "freshet_django.django_redis.RedisCache")
        settings.write_text(text.replace("6379", str(urlsplit(url).port)))
    (Path(folder) / "pytest.ini").write_text("[pytest]\npythonpath = tests .\n")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", f"{SETTINGS}]",
         *[str(tests / name) for name in FILES]],
        cwd=folder,
    )  # fmt: skip
sys.exit(run.returncode)
