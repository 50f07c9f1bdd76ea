"""Whole requests, over HTTP and a server that is made for production."""

import http.client
import os
import re
import statistics as arithmetic
import subprocess
import sys
import time
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from tests.test_caching import Cached


class Served(Cached):
    def setUp(self) -> None:
        super().setUp()
        database = connection.settings_dict
        login = f"{quote(database['USER'])}:{quote(database['PASSWORD'])}"
        url = f"postgres://{login}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "shop.wsgi"],
            env=os.environ | {"DATABASE_URL": url, "DEBUG": "0", "PORT": "0"},
            cwd=settings.BASE_DIR,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(server.stderr.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        listening = re.compile(r"Listening at: http://(.*):(\d+)")
        address = next(match for line in server.stderr if (match := listening.search(line)))
        self.http = http.client.HTTPConnection(address[1], int(address[2]))
        self.addCleanup(self.http.close)

    def fetch(self, path: str) -> str:
        self.http.request("GET", path)
        response = self.http.getresponse()
        response.read()
        self.assertEqual(response.status, 200)
        return response.headers["X-Cache"]

    def test_how_long_a_hit_takes(self) -> None:
        for path in self.answers:
            self.assertEqual(self.fetch(path), "MISS")
            took = []
            for _ in range(200):
                begin = time.perf_counter()
                self.assertEqual(self.fetch(path), "HIT")
                took.append((time.perf_counter() - begin) * 1000)
            median, slow = arithmetic.median(took), arithmetic.quantiles(took, n=100)[98]
            print(f"a hit: {median:.2f} ms at the median, {slow:.2f} ms at 99 %  {path}", file=sys.stderr)
