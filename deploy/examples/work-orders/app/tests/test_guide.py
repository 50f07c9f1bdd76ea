"""GUIDE.md shows what the app's own files say."""

from django.conf import settings
from django.test import SimpleTestCase

from tests import guide


class Guide(SimpleTestCase):
    maxDiff = None

    def test_the_diff_is_that_of_the_app(self) -> None:
        text = (settings.EXAMPLE / "GUIDE.md").read_text()
        shown = text.split("```diff\n")[1].split("```")[0]
        self.assertEqual(shown, guide.diff(), "GUIDE.md: put the diff above in place of the one that it shows")
