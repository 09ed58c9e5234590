"""A translator from a small part of Python to JavaScript, for formulas.

It takes a module of plain functions of numbers, strings and lists, and writes each function with
the same names, statement by statement, in the same order of operations, so that both languages
round alike. What it does not know it refuses, with the line. Division by zero is the one thing that
the languages do differently: the formulas must not rely on it.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

__all__ = ["translate"]

_BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Mod: "%", ast.Pow: "**"}
_COMPARE = {
    ast.Eq: "===",
    ast.NotEq: "!==",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_MATH = {
    "exp", "expm1", "floor", "log", "log1p", "pow", "sqrt", "tanh",
}  # fmt: skip
_CONSTANTS = {"inf": "Infinity", "pi": "Math.PI"}
_BUILTIN = {"abs": "Math.abs", "max": "Math.max", "min": "Math.min", "sum": "sum"}
# Words that may be names in Python and may not in JavaScript.
_RESERVED = {
    "case", "catch", "const", "default", "delete", "do", "enum", "export", "extends", "function",
    "instanceof", "let", "new", "null", "super", "switch", "this", "throw", "typeof", "var", "void",
}  # fmt: skip
_SUM = "const sum = (values) => values.reduce((total, value) => total + value, 0);"


def translate(source: str, name: str) -> str:
    """Return JavaScript that defines `name`, an object with the functions of a Python module."""
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    known = {function.name for function in functions}
    texts = [_Function(function, known).text() for function in functions]
    body = "\n\n".join([_SUM, *texts])
    names = ", ".join(function.name for function in functions)
    return f"const {name} = (() => {{\n{body}\n\nreturn {{ {names} }};\n}})();\n"


class _Function:
    """One function on its way."""

    def __init__(self, function: ast.FunctionDef, known: set[str]) -> None:
        self._function, self._known = function, known
        self._arguments = [argument.arg for argument in function.args.args]

    def text(self) -> str:
        """Return the whole function; its local names are declared once, at the top."""
        assigned = [
            node.id
            for node in ast.walk(self._function)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        ]
        inner = {
            node.id
            for comprehension in ast.walk(self._function)
            if isinstance(comprehension, ast.comprehension)
            for node in ast.walk(comprehension.target)
            if isinstance(node, ast.Name)
        }
        local = sorted(set(assigned) - set(self._arguments) - inner)
        for name in {*self._arguments, *assigned, *inner} & _RESERVED:
            raise SyntaxError(f"{self._function.name}: {name!r} is no name in JavaScript")
        lines = [f"/** {ast.get_docstring(self._function)} */"]
        lines.append(f"function {self._function.name}({', '.join(self._arguments)}) {{")
        if local:
            lines.append(f"  let {', '.join(local)};")
        lines += self._block(self._function.body[1:])
        return "\n".join([*lines, "}"])

    def _block(self, statements: Sequence[ast.stmt]) -> list[str]:
        return [f"  {line}" for statement in statements for line in self._statement(statement)]

    def _statement(self, node: ast.stmt) -> list[str]:
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value):
                return [f"{target} = {self._value(value)};"]
            case ast.AugAssign(target=ast.Name(id=target), op=op, value=value):
                return [f"{target} {self._sign(op, node)}= {self._value(value)};"]
            case ast.Return(value=ast.expr() as value):
                return [f"return {self._value(value)};"]
            case ast.If(test=test, body=body, orelse=orelse):
                lines = [f"if {self._test(test)} {{", *self._block(body)]
                if len(orelse) == 1 and isinstance(orelse[0], ast.If):
                    head, *rest = self._statement(orelse[0])
                    return [*lines, f"}} else {head}", *rest]
                if orelse:
                    lines += ["} else {", *self._block(orelse)]
                return [*lines, "}"]
            case ast.While(test=test, body=body, orelse=[]):
                return [f"while {self._test(test)} {{", *self._block(body), "}"]
            case ast.For(
                target=ast.Name(id=i),
                iter=ast.Call(func=ast.Name(id="range"), args=[count]),
                body=body,
                orelse=[],
            ):
                head = f"for ({i} = 0; {i} < {self._value(count)}; {i}++) {{"
                return [head, *self._block(body), "}"]
            case ast.Break():
                return ["break;"]
            case ast.Continue():
                return ["continue;"]
            case ast.Expr(
                value=ast.Call(
                    func=ast.Attribute(value=ast.Name(id=target), attr="append"), args=[value]
                )
            ):
                return [f"{target}.push({self._value(value)});"]
        raise self._unknown(node)

    def _test(self, node: ast.expr) -> str:
        value = self._value(node)
        return value if isinstance(node, ast.Compare | ast.BoolOp) else f"({value})"

    def _value(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=bool(value)):
                return "true" if value else "false"
            case ast.Constant(value=int() | float() as value):
                return repr(value)
            case ast.Constant(value=str(value)):
                return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
            case ast.Name(id=name):
                return name
            case ast.Attribute(value=ast.Name(id="math"), attr=name) if name in _CONSTANTS:
                return _CONSTANTS[name]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"(-{self._value(operand)})"
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return f"(!{self._value(operand)})"
            case ast.BinOp(left=left, op=op, right=right):
                return f"({self._value(left)} {self._sign(op, node)} {self._value(right)})"
            case ast.BoolOp(op=op, values=values):
                sign = " && " if isinstance(op, ast.And) else " || "
                return f"({sign.join(self._value(value) for value in values)})"
            case ast.Compare(left=left, ops=[ast.In()], comparators=[ast.Tuple(elts=options)]):
                tests = [f"{self._value(left)} === {self._value(option)}" for option in options]
                return f"({' || '.join(tests)})"
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
                return f"({self._value(left)} {_COMPARE[type(op)]} {self._value(right)})"
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return f"({self._value(test)} ? {self._value(body)} : {self._value(orelse)})"
            case ast.List(elts=entries):
                return f"[{', '.join(self._value(entry) for entry in entries)}]"
            case ast.Subscript(value=value, slice=index):
                return f"{self._value(value)}[{self._value(index)}]"
            case ast.ListComp(
                elt=entry,
                generators=[ast.comprehension(target=ast.Name(id=name), iter=values, ifs=[])],
            ):
                return f"{self._value(values)}.map(({name}) => {self._value(entry)})"
            case ast.Call(func=function, args=arguments, keywords=[]):
                return self._call(node, function, [self._value(value) for value in arguments])
        raise self._unknown(node)

    def _call(self, node: ast.expr, function: ast.expr, arguments: list[str]) -> str:
        match function:
            case ast.Name(id="len"):
                return f"{arguments[0]}.length"
            case ast.Name(id=name) if name in self._known:
                return f"{name}({', '.join(arguments)})"
            case ast.Name(id=name) if name in _BUILTIN:
                return f"{_BUILTIN[name]}({', '.join(arguments)})"
            case ast.Attribute(value=ast.Name(id="math"), attr=name) if name in _MATH:
                return f"Math.{name}({', '.join(arguments)})"
        raise self._unknown(node)

    def _sign(self, op: ast.operator, node: ast.AST) -> str:
        if type(op) not in _BINARY:
            raise self._unknown(node)
        return _BINARY[type(op)]

    def _unknown(self, node: ast.AST) -> SyntaxError:
        line = getattr(node, "lineno", 0)
        return SyntaxError(
            f"{self._function.name}, line {line}: no translation of {ast.unparse(node)!r}"
        )
