"""Every public function has an example, and every public class and method appears in one.

Public is what the reference documents: the names that its pages hand on. The examples themselves
run as doctests.
"""

import dataclasses
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import sdtheory

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs" / "api").glob("*.md"))
DOCUMENTED = [
    name for page in PAGES for name in re.findall(r"automodule:: (\S+)", page.read_text())
]


def module(name):
    pytest.importorskip(name)
    return importlib.import_module(name)


def public(name):
    """Return the functions and classes that a page hands on."""
    found = {key: getattr(module(name), key) for key in module(name).__all__}
    return {k: v for k, v in found.items() if inspect.isfunction(v) or inspect.isclass(v)}


def example(thing):
    return re.findall(r"^\s*(?:>>>|\.\.\.) (.*)$", inspect.getdoc(thing) or "", re.MULTILINE)


def results():
    """Return the names in the return annotations of all functions that have an example."""
    things = [thing for name in DOCUMENTED for thing in public(name).values()]
    functions = [thing for thing in things if inspect.isfunction(thing) and example(thing)]
    for thing in things:
        if inspect.isclass(thing) and example(thing):
            members = (getattr(m, "__func__", getattr(m, "fget", m)) for m in vars(thing).values())
            functions += [member for member in members if inspect.isfunction(member)]
    return {word for f in functions for word in re.findall(r"\w+", _annotation(f))}


def _annotation(function):
    return str(function.__annotations__.get("return", ""))


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_function_has_an_example(name):
    missing = [k for k, v in public(name).items() if inspect.isfunction(v) and not example(v)]
    assert not missing, f"{name} lacks examples of {missing}"


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_class_has_an_example_or_is_the_result_of_one(name):
    shown = results()
    missing = [
        key
        for key, value in public(name).items()
        if inspect.isclass(value)
        and not example(value)
        and not (dataclasses.is_dataclass(value) and key in shown)
        and not issubclass(value, Exception)
        and not getattr(value, "_is_protocol", False)
    ]
    assert not missing, f"{name} lacks examples of {missing}"


@pytest.fixture(scope="module")
def called():
    """Return the code of every example of the package, of the README and of the documentation."""
    sources = [
        *(ROOT / "sdtheory").rglob("*.py"),
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "README.md",
    ]
    code = []
    for path in sources:
        text = path.read_text(encoding="utf-8")
        code += re.findall(r"^\s*(?:>>>|\.\.\.) (.*)$", text, re.MULTILINE)
        if path.suffix == ".md":
            code += re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return "\n".join(code)


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_method_is_called_in_an_example(name, called):
    missing = [
        f"{key}.{method}"
        for key, value in public(name).items()
        if inspect.isclass(value)
        for method, member in vars(value).items()
        if not method.startswith("_")
        and (inspect.isfunction(member) or isinstance(member, classmethod | staticmethod))
        and not re.search(rf"\.{method}\(", called)
    ]
    assert not missing, f"no example calls {missing}"


def test_every_public_module_has_a_page():
    below = [m.name for m in pkgutil.iter_modules(sdtheory.__path__) if not m.name.startswith("_")]
    pages = {name.split(".")[1] for name in DOCUMENTED}
    assert set(below) - pages == {"cli"}
    bridges = pkgutil.iter_modules([str(ROOT / "sdtheory" / "interop")])
    assert {f"sdtheory.interop.{m.name}" for m in bridges} <= set(DOCUMENTED)


def test_there_are_examples_at_all(called):
    assert len(DOCUMENTED) > 10
    assert called.count("\n") > 500
