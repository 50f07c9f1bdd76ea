import json
from datetime import date
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from freshet_django.template import Template, canonical, md5_8
from freshet_django.views import Configuration


@pytest.mark.parametrize(
    ("values", "digits"),
    [
        ((None, None, None), "4501c091"),
        (("", "", 0), "4501c091"),
        ((date(2026, 1, 1), date(2026, 1, 31), 5), "c51f571a"),
        (("2026-01-01", "2026-01-31", "5"), "c51f571a"),
        (("2026-01-01", None, None), "63c66a5d"),
        ((None, None, 5), "60deb508"),
        ((None, None, "05"), "e732b259"),
        ((None, None, "0"), "c81df612"),
    ],
)
def test_md5_8(values, digits):
    assert md5_8(*values) == digits
    # freshet knows only what is registered, and must find the same key.
    assert md5_8(*map(canonical, values)) == digits


@pytest.mark.parametrize(
    ("value", "registered"),
    [(0, None), ("", None), (None, None), ("0", "0"), (5, 5), (True, "True"), (date(2026, 1, 2), "2026-01-02")],
)
def test_canonical(value, registered):
    assert canonical(value) == registered
    assert type(canonical(value)) is type(registered)


@pytest.mark.parametrize(
    ("template", "key"),
    [
        ("a:{x}", "a:1"),
        ("a:{x}:{y}:b", "a:1:zwei:b"),
        ("a:{{{x}}}", "a:{1}"),
        ("a:{md5_8(:x,:y)}", "a:" + md5_8(1, "zwei")),
        ("a:{md5_8( :x , :y )}:{x}", "a:" + md5_8(1, "zwei") + ":1"),
        ("a:{:x}:{ :y }:{:absent}", "a:1:zwei:"),
    ],
)
def test_a_template_is_filled(template, key):
    assert Template.parse(template).spell({"x": 1, "y": "zwei"}) == key


@pytest.mark.parametrize(
    "template",
    ["a:{x", "a:x}", "a:{sha1(:x)}", "a:{x y}", "a:{}", "a:{md5_8(x)}", "a:{:}", "a:{:x y}", "a:{: x}", "a:{::x}"],
)
def test_a_wrong_template_is_refused(template):
    with pytest.raises(ImproperlyConfigured):
        Configuration.parse(f'views: {{ v: {{ key: "{template}" }} }}', "f.yaml")


@pytest.mark.parametrize(
    ("key", "view"),
    [
        ("shop_stats:5", "shop_stats"),
        ("shop_stats:5:lock", ""),
        ("shop_stats:", ""),
        ("shop_load:5:2026-01-01", "shop_load"),
        ("shop_load:5", ""),
        ("front:a:b", "front_page"),
        ("report:4501c091", "report"),
        ("other", ""),
    ],
)
def test_the_view_of_a_key(key, view):
    from freshet_django import conf

    assert conf.configuration().view_of(key) == view


@pytest.mark.parametrize(
    ("values", "key"),
    [
        # As in freshet's own tests, src/catalog/parameters_tests.rs.
        ({"shop_id": 5, "until": "a:b"}, "sales:5:{x}:3be150b3"),
        ({}, "sales::{x}:853ae90f"),
        ({"shop_id": 0, "from": ""}, "sales::{x}:853ae90f"),
        ({"shop_id": "0"}, "sales:0:{x}:853ae90f"),
    ],
)
def test_a_parameter_is_spelled_as_freshet_spells_it(values, key):
    from freshet_django import conf

    view = conf.configuration().view("sales")
    assert view.has_parameters
    assert view.key(values) == key
    # freshet knows only what is registered, and must find the same key.
    assert view.key(dict(zip(view.holes(), json.loads(view.parameters(values)), strict=True))) == key
    assert conf.configuration().view_of(key) == "sales"


def test_parameters_without_a_family_are_refused():
    for hole in ("{:x}", "{md5_8(:x)}"):
        with pytest.raises(ImproperlyConfigured, match=r'the view v has parameters.*add the family.*family: "a:\*"'):
            Configuration.parse(f'views: {{ v: {{ key: "a:{hole}" }} }}', "f.yaml")


def test_mistakes_are_named():
    from freshet_django import conf

    configuration = conf.configuration()
    with pytest.raises(ValueError, match="did you mean 'shop_stats'"):
        configuration.view("shop_stat")
    with pytest.raises(ValueError, match="no hole 'shop'; did you mean 'shop_id'"):
        configuration.view("shop_stats").key({"shop": 5})
    with pytest.raises(ValueError, match="nothing fills the hole 'shop_id'"):
        configuration.view("shop_stats").key({"shop_id": None})
    with pytest.raises(ValueError, match="declared family"):
        configuration.view("front_page").key({})
    with pytest.raises(ImproperlyConfigured, match=r"no configuration.*freshet check"):
        Configuration.parse("views: [a]", "f.yaml")
    with pytest.raises(ImproperlyConfigured, match=r"(?s)f\.yaml is no YAML: .*line 1.*freshet check"):
        Configuration.parse("views: {", "f.yaml")
    for text in ("", "views:", "views: { v: 5 }", "views: { v: { key: 5 } }", "day: 2026-13-45", "[]"):
        with pytest.raises(
            ImproperlyConfigured, match=r"f\.yaml is no configuration of freshet \(.+\); `freshet check`"
        ):
            Configuration.parse(text, "f.yaml")


def test_the_shipped_example_can_be_read():
    path = Path(__file__).parents[2] / "examples" / "work-orders" / "freshet.yaml"
    configuration = Configuration.parse(path.read_text(), str(path))
    assert configuration.key_format == ":1:{}"
    assert [view.key({"department_id": 5}) for view in configuration.view_or_group("department")] == [
        "task_stats:5",
        "dept_workload:5",
    ]
    assert configuration.view_of("collab_stats:4501c091") == "collab_stats"
    assert configuration.view_of("dashboard:sales:today") == "dashboard"
