"""
Runs Django's own tests of its Redis cache against our back end.

usage: python tests/django_suite.py FOLDER    a source distribution of the Django that is installed, unpacked
"""

import os
import subprocess
import sys
from pathlib import Path

import services

here = Path(__file__).parent
tests = Path(sys.argv[1]) / "tests"
with services.redis_server() as url:
    run = subprocess.run(
        [sys.executable, "runtests.py", "--settings=django_suite_settings", "--parallel=1",
         "cache.tests.RedisCacheTests", *sys.argv[2:]],
        cwd=tests,
        env={**os.environ, "REDIS_URL": url, "PYTHONPATH": f"{here}:{tests}"},
    )  # fmt: skip
sys.exit(run.returncode)
