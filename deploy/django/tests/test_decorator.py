import pytest

from freshet_django import cached

M = r"shop_load.*its arguments must be 'shop_id', 'day'"


def test_without_parentheses():
    with pytest.raises(TypeError, match=r'write @cached\("name_of_the_view"\)'):

        @cached
        def shop_stats(shop_id):
            return shop_id


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda shop: 1, "has no argument 'shop_id', 'day', a hole in the key of the view "),
        (lambda shop_id: 1, "has no argument 'day', a hole in the key of the view "),
        (lambda **holes: 1, "has no argument 'shop_id', 'day', a hole in the key of the view "),
        (lambda self, shop_id, day: 1, "argument 'self' fills no hole in the key of the view "),
        (lambda shop_id, day, scale=1: 1, "argument 'scale' fills no hole in the key of the view "),
        (lambda shop_id, day, *more: 1, "argument 'more' fills no hole in the key of the view "),
        (lambda shop_id, day, **more: 1, "argument 'more' fills no hole in the key of the view "),
    ],
)
def test_arguments_and_holes_that_differ_are_refused_at_decoration(function, message):
    with pytest.raises(TypeError, match=f"{message}{M}"):
        cached("shop_load")(function)


def test_what_no_function_can_be_cached_as():
    with pytest.raises(ValueError, match="did you mean 'shop_load'"):
        cached("shop_loads")(lambda: 1)
    with pytest.raises(ValueError, match="declared family front:\\* without a key"):
        cached("front_page")(lambda: 1)


def test_positional_and_keyword_arguments_fill_holes():
    @cached("shop_load")
    def load(shop_id, /, *, day=3):
        return shop_id, day

    assert load(5) == load(5, day=3) == (5, 3)
    assert load(5, day=4) == (5, 4)
