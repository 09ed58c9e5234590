"""Registering and drawing figures."""

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from experiments import catalogue
from figures import drawing, registry


def empty():
    """Draw nothing."""
    return Figure()


@pytest.fixture
def clean_registry(monkeypatch):
    """Give the test a registry of its own."""
    monkeypatch.setattr(registry, "_REGISTRY", {})


@pytest.mark.usefixtures("clean_registry")
class TestRegistering:
    def test_keeps_what_it_is_told(self):
        register = registry.figure("nobody.empty", caption="A\n  caption.", parameters={"n": 3})
        assert register(empty) is empty
        spec = registry._REGISTRY["nobody.empty"]
        assert (spec.caption, spec.parameters, spec.origin) == ("A caption.", {"n": 3}, "ours")

    @pytest.mark.parametrize("name", ["nobody.other", "empty", "a.b.empty"])
    def test_id_must_end_in_the_function_name(self, name):
        with pytest.raises(ValueError, match=r"id must be '<paper>\.<function name>'"):
            registry.figure(name, caption="-", parameters={})(empty)

    def test_origin_is_one_of_three(self):
        with pytest.raises(ValueError, match=r"origin of nobody\.empty must be one of"):
            registry.figure("nobody.empty", caption="-", parameters={}, origin="mine")(empty)

    def test_parameters_of_another_origin_are_named(self):
        registry.figure(
            "nobody.empty", caption="-", parameters={"n": 3, "seed": 0}, origin="paper",
            except_for={"seed": "ours"},
        )(empty)  # fmt: skip
        spec = registry._REGISTRY["nobody.empty"]
        assert [spec.origin_of(name) for name in ("n", "seed")] == ["paper", "ours"]

    @pytest.mark.parametrize(
        ("others", "message"),
        [({"seed": "mine"}, "origin of nobody.empty"), ({"m": "ours"}, "must name parameters")],
    )
    def test_exceptions_are_parameters_with_an_origin(self, others, message):
        register = registry.figure(
            "nobody.empty", caption="-", parameters={"seed": 0}, except_for=others
        )
        with pytest.raises(ValueError, match=message):
            register(empty)

    def test_an_id_belongs_to_one_module(self):
        registry.figure("nobody.empty", caption="-", parameters={})(empty)

        def elsewhere():
            return Figure()

        elsewhere.__name__, elsewhere.__module__ = "empty", "elsewhere"
        with pytest.raises(ValueError, match="registered twice"):
            registry.figure("nobody.empty", caption="-", parameters={})(elsewhere)


def test_style_applies_to_the_drawing_and_nothing_else():
    seen = {}

    def styled():
        seen.update({k: mpl.rcParams[k] for k in ("pdf.fonttype", "axes.linewidth")})
        return Figure()

    before = dict(mpl.rcParams)
    spec = registry.FigureSpec(
        id="nobody.styled", caption="-", parameters={}, origin="ours", experiment=None,
        function=styled,
    )  # fmt: skip
    spec.draw()
    assert seen == {"pdf.fonttype": 42, "axes.linewidth": 0.6}
    assert dict(mpl.rcParams) == before


def test_published_figures_are_found_without_importing_the_machinery_as_figures():
    for name, spec in registry.published().items():
        assert spec.id == name
        assert spec.function.__module__.startswith("figures.")


@pytest.mark.parametrize("name", registry.published())
def test_a_record_says_what_made_the_figure(name):
    spec = registry.published()[name]
    assert drawing.command(spec) == f"python -m figures {name}"
    assert spec.caption.endswith((".", ")"))
    assert spec.parameters, "a figure depends on something"
    assert spec.experiment is None or spec.experiment in catalogue.names()
