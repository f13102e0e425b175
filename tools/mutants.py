"""The ways to break a module of rules: each comparison, condition, number, row and statement.

Words, types, imports and decorators stay whole: a text that reads otherwise breaks no rule.
"""

import ast
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, Final, NamedTuple, cast

_PAIRS: Final = (
    (ast.Lt, ast.LtE),
    (ast.Gt, ast.GtE),
    (ast.Eq, ast.NotEq),
    (ast.Is, ast.IsNot),
    (ast.In, ast.NotIn),
    (ast.And, ast.Or),
    (ast.Add, ast.Sub),
    (ast.Mult, ast.Div),
    (ast.BitAnd, ast.BitOr),
)
OTHERS: Final[dict[type[ast.AST], type[ast.AST]]] = dict(
    [*_PAIRS, *((other, one) for one, other in _PAIRS)]
)
_WHOLE: Final = {"annotation", "returns", "decorator_list", "bases", "type_params", "keys"}
_GENERIC: Final = {"dict", "list", "set", "frozenset", "tuple", "deque", "defaultdict"}


class Mutant(NamedTuple):
    """One break, the line that it changes, and the first line of the statement around it."""

    what: str
    line: int
    statement: int
    is_in_function: bool  # else it is in a table, a constant or a default


class _Break(NamedTuple):
    what: str
    fields: dict[str, Any]  # of the node, while it is broken
    at: ast.stmt | ast.expr | None = None  # what is left out


class _Place(NamedTuple):
    node: ast.AST
    statement: int
    is_in_function: bool


def mutants_of(tree: ast.Module) -> Iterator[Mutant]:
    """Give every mutant; `tree` itself is broken for as long as its mutant is looked at."""
    for node, statement, is_in_function in _worth_breaking(_Place(tree, 0, False)):
        for what, broken, at in _breaks(node):
            whole = dict(node.__dict__)
            node.__dict__.update(broken)
            yield Mutant(
                what,
                getattr(at or node, "lineno", 0),
                at.lineno if isinstance(at, ast.stmt) else statement,
                is_in_function or isinstance(node, ast.FunctionDef),
            )
            node.__dict__.update(whole)


def with_probes(tree: ast.Module, name: str, file: str) -> ast.Module:
    """Return a module whose functions call `name` with file and line before each statement."""
    probed = deepcopy(tree)
    for node in ast.walk(probed):
        if not isinstance(node, ast.Module | ast.ClassDef):
            for body in (_list(node, "body"), _list(node, "orelse"), _list(node, "finalbody")):
                body[:] = [one for each in body for one in (_call(name, file, each.lineno), each)]
    return ast.fix_missing_locations(probed)


def _call(name: str, *values: str | int) -> ast.stmt:
    given: list[ast.expr] = [ast.Constant(value) for value in values]
    return ast.Expr(ast.Call(ast.Name(name, ast.Load()), given, []))


def _list(node: ast.AST, name: str) -> list[Any]:
    """Return what a node holds there, if those are many."""
    value: Any = getattr(node, name, None)
    return cast("list[Any]", value) if isinstance(value, list) else []


def _worth_breaking(place: _Place) -> Iterator[_Place]:
    node, statement, is_in_function = place
    if _is_of_types(node):
        return
    if isinstance(node, ast.stmt):
        statement = node.lineno
    yield _Place(node, statement, is_in_function)
    for name in node._fields:
        within = is_in_function or (isinstance(node, ast.FunctionDef) and name == "body")
        for child in _list(node, name) or [getattr(node, name, None)]:
            if isinstance(child, ast.AST) and name not in _WHOLE:
                yield from _worth_breaking(_Place(child, statement, within))


def _is_of_types(node: ast.AST) -> bool:
    """Whether it only helps those who read the code, or check its types."""
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Assert():
            return True
        case ast.AnnAssign(annotation=ast.Name(id="TypeAlias")):
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.keyword(arg="strict"):  # of zip: a guard against ourselves, as an assert is
            return True
        case ast.Subscript(value=ast.Name(id=name)):
            return name in _GENERIC
        case _:
            return False


def _breaks(node: ast.AST) -> Iterator[_Break]:
    if isinstance(node, ast.Compare):
        yield from _compared_otherwise(node)
    elif isinstance(node, ast.BoolOp | ast.BinOp) and type(node.op) in OTHERS:
        yield _Break(f"{ast.unparse(node)}, joined otherwise", {"op": OTHERS[type(node.op)]()})
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
        value = not node.value if isinstance(node.value, bool) else node.value + 1
        yield _Break(f"{node.value} is {value}", {"value": value})
    elif isinstance(node, ast.Dict | ast.Tuple | ast.Set) and len(_rows(node)) > 1:
        yield from _rows_left_out(node)
    else:
        yield from _breaks_of_the_way(node)


def _breaks_of_the_way(node: ast.AST) -> Iterator[_Break]:
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        negated = ast.UnaryOp(op=ast.Not(), operand=deepcopy(node.test))
        words = f"if {ast.unparse(node.test)}, negated"
        yield _Break(words, {"test": ast.copy_location(negated, node.test)})
    elif isinstance(node, ast.Return) and node.value and ast.unparse(node.value) != "None":
        nothing = ast.copy_location(ast.Constant(value=None), node.value)
        yield _Break(f"{ast.unparse(node)}, but None", {"value": nothing})
    yield from _statements_left_out(node, _list(node, "body"))


def _compared_otherwise(node: ast.Compare) -> Iterator[_Break]:
    for place, op in enumerate(node.ops):
        ops = [*node.ops[:place], OTHERS[type(op)](), *node.ops[place + 1 :]]
        yield _Break(f"{ast.unparse(node)}, compared otherwise", {"ops": ops})


def _rows(node: ast.Dict | ast.Tuple | ast.Set) -> list[ast.expr]:
    return node.values if isinstance(node, ast.Dict) else node.elts


def _rows_left_out(node: ast.Dict | ast.Tuple | ast.Set) -> Iterator[_Break]:
    if isinstance(getattr(node, "ctx", None), ast.Store):
        return
    for place, row in enumerate(_rows(node)):
        words, left = ast.unparse(row), [*_rows(node)[:place], *_rows(node)[place + 1 :]]
        fields: dict[str, Any] = {"elts": left}
        if isinstance(node, ast.Dict):
            fields = {"keys": [*node.keys[:place], *node.keys[place + 1 :]], "values": left}
            words = f"{_text(node.keys[place])}: {words}"
        yield _Break(f"without the row {words}", fields, row)


def _text(node: ast.AST | None) -> str:
    return ast.unparse(node) if node else "**"


def _statements_left_out(node: ast.AST, body: list[ast.stmt]) -> Iterator[_Break]:
    if isinstance(node, ast.Module | ast.ClassDef):
        return
    for place, statement in enumerate(body):
        is_word = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not is_word and isinstance(
            statement, ast.Expr | ast.Assign | ast.AugAssign | ast.Delete
        ):
            nothing = ast.copy_location(ast.Pass(), statement)
            left = [*body[:place], nothing, *body[place + 1 :]]
            yield _Break(f"without {ast.unparse(statement)}", {"body": left}, statement)
