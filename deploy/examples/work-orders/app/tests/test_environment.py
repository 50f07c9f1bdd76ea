"""Settings that come from the environment."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from django.core.exceptions import ImproperlyConfigured
from django.test import SimpleTestCase

from shop.environment import addresses, choice, database


class Environment(SimpleTestCase):
    def test_the_environment_comes_before_the_stack(self) -> None:
        with TemporaryDirectory() as folder, mock.patch.dict(os.environ, {"REDIS_URL": "redis://here"}):
            file = Path(folder) / "addresses.env"
            self.assertEqual(addresses(file)["REDIS_URL"], "redis://here")
            file.write_text("DATABASE_A=postgres://a/b?c=d\nREDIS_URL=redis://there\n")
            found = addresses(file)
        self.assertEqual((found["DATABASE_A"], found["REDIS_URL"]), ("postgres://a/b?c=d", "redis://here"))

    def test_a_database_by_url(self) -> None:
        told = database("postgres://anna:p%40ss@db.example:6432/app")
        self.assertEqual((told["USER"], told["PASSWORD"], told["NAME"]), ("anna", "p@ss", "app"))
        self.assertEqual((told["HOST"], told["PORT"]), ("db.example", "6432"))
        with self.assertRaisesMessage(ImproperlyConfigured, "DATABASE_URL must be"):
            database("mysql://db.example/app")

    def test_a_choice_is_one_of_what_there_is(self) -> None:
        with mock.patch.dict(os.environ, {"CHOICE": "c"}):
            self.assertEqual(choice("CHOICE", "a", "c"), "c")
            with self.assertRaisesMessage(ImproperlyConfigured, "CHOICE is 'c'; it can be 'a', 'b'"):
                choice("CHOICE", "a", "b")
        self.assertEqual(choice("CHOICE", "a", "b"), "a")
