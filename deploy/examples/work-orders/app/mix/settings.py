"""The example's settings, with answers that say how many statements they took."""

from shop.settings import *  # noqa: F403
from shop.settings import MIDDLEWARE

MIDDLEWARE = ["mix.statements.counted", *MIDDLEWARE]
