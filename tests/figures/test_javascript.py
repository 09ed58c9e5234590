"""The translator knows what it knows, and refuses the rest."""

import pytest

from figures.explorer import script
from figures.javascript import translate

HEAD = 'def f(x, y):\n    """Text."""\n'


def translated(*lines):
    return translate(HEAD + "".join(f"    {line}\n" for line in lines), "made")


def test_a_function_is_translated_statement_by_statement():
    text = translated(
        "total = 0",
        "for k in range(len(x)):",
        "    if x[k] > y and not (k == 3):",
        "        total += x[k] ** -y",
        "    elif k in (1, 2):",
        "        continue",
        "    else:",
        "        break",
        "return [max(v, total) for v in x]",
    )
    assert (
        text
        == """const made = (() => {
const sum = (values) => values.reduce((total, value) => total + value, 0);

/** Text. */
function f(x, y) {
  let k, total;
  total = 0;
  for (k = 0; k < x.length; k++) {
    if ((x[k] > y) && (!(k === 3))) {
      total += (x[k] ** (-y));
    } else if (k === 1 || k === 2) {
      continue;
    } else {
      break;
    }
  }
  return x.map((v) => Math.max(v, total));
}

return { f };
})();
"""
    )


@pytest.mark.parametrize(
    "line",
    [
        "return x // y",
        "return x < y < 3",
        "return x @ y",
        "x, y = y, x",
        "return x.real",
        "return round(x)",
        "return {x: y}",
        "return [v for v in x if v > 0]",
        "return sorted(x)",
        "return f(x, y=y)",
        "import math",
        "for k in x: pass",
        "del x",
        "return",
        "assert x",
        "raise ValueError",
        "x[0] = y",
    ],
)
def test_what_is_not_known_is_refused_with_its_line(line):
    with pytest.raises(SyntaxError, match="f, line 3: no translation of"):
        translated(line)


@pytest.mark.parametrize("name", ["new", "var", "default"])
def test_reserved_words_are_refused(name):
    with pytest.raises(SyntaxError, match=f"'{name}' is no name in JavaScript"):
        translated(f"{name} = x", f"return {name}")


def test_text_is_quoted():
    assert 'return "a\\"b\\\\";' in translated("return 'a\"b\\\\'")


def test_every_formula_is_in_the_script():
    text = script()
    assert "function optimal_xi(d, energy, omega, noise, lam) {" in text
    assert "return { eigenvalues," in text
