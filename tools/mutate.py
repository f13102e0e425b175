"""Breaks one module of the rules in every small way, and says which breaks no test notices.

    python tools/mutate.py dispatch/queue.py [tests/…] [--first N]

A mutant is the module with one comparison turned round, one condition negated, one number one
larger, one row left out of a table, one statement left out … Tests run on it in a copy of the
project; a mutant that they pass has survived, and shows a line that no test holds. Some survive
rightly: they change speed, or nothing at all. That takes from seconds to a minute for each.
"""

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
TESTS: Final = ("tests/unit/dispatch", "tests/property/dispatch")
NEEDED: Final = ("app", "devices", "dispatch", "simulator", "tests", "pyproject.toml")
PATIENCE: Final = 5.0  # a mutant may take so many times as long as no mutant, and is then killed

OTHERS: Final[dict[type[ast.AST], type[ast.AST]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """The module with one break."""

    line: int
    what: str
    source: str


def main() -> int:
    """Run the mutants of one module; the exit code is 1 when the tests fail without any."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("module", help="such as dispatch/queue.py")
    words.add_argument("tests", nargs="*", default=TESTS, help="; those of the rules by default")
    words.add_argument("--first", type=int, default=None, help="stop after so many mutants")
    given = words.parse_args()
    mutants = list(mutants_of((ROOT / given.module).read_text(encoding="utf-8")))[: given.first]
    with tempfile.TemporaryDirectory(prefix="ydt-mutate-") as folder:
        copy = Path(folder)
        _copy_project(copy)
        began = time.monotonic()
        if _run(copy, given.tests, None) != 0:
            _say("The tests fail without any mutant.")
            return 1
        whole_s = time.monotonic() - began
        _say(f"{len(mutants)} mutants of {given.module}; all tests take {whole_s:.1f} s.")
        survived = [
            mutant
            for mutant in mutants
            if _survives(copy / given.module, mutant, copy, given.tests, PATIENCE * whole_s)
        ]
    took_s = (time.monotonic() - began - whole_s) / max(1, len(mutants))
    killed = len(mutants) - len(survived)
    _say(f"{killed} killed, {len(survived)} survived, {took_s:.1f} s each.")
    return 0


def mutants_of(source: str) -> Iterator[Mutant]:
    """Give every mutant of a module, in the order of its lines as far as can be."""
    tree = ast.parse(source)
    for node in _worth_breaking(tree):
        for what, broken in _breaks(node):
            kept = dict(node.__dict__)
            node.__dict__.update(broken)
            text = ast.unparse(tree)
            node.__dict__.update(kept)
            yield Mutant(getattr(node, "lineno", 0), what, text)


def _worth_breaking(node: ast.AST) -> Iterator[ast.AST]:
    """Give what runs: no annotations, decorators, imports or words."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return
    yield node
    skipped = ("annotation", "returns", "decorator_list", "bases", "type_params")
    for name, value in ast.iter_fields(node):
        if name not in skipped:
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from _worth_breaking(child)


def _breaks(node: ast.AST) -> Iterator[tuple[str, dict[str, object]]]:
    """Give the ways to break one node: in words, and as its fields."""
    if isinstance(node, ast.Compare):
        yield from _compared_otherwise(node)
    elif isinstance(node, ast.BoolOp | ast.BinOp) and type(node.op) in OTHERS:
        yield f"{ast.unparse(node)}, joined otherwise", {"op": OTHERS[type(node.op)]()}
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
        value = not node.value if isinstance(node.value, bool) else node.value + 1
        yield f"{node.value} is {value}", {"value": value}
    elif isinstance(node, ast.Dict | ast.Tuple | ast.Set) and len(_rows(node)) > 1:
        yield from _rows_left_out(node)
    else:
        yield from _breaks_of_the_way(node)


def _breaks_of_the_way(node: ast.AST) -> Iterator[tuple[str, dict[str, object]]]:
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        negated = ast.UnaryOp(op=ast.Not(), operand=deepcopy(node.test))
        yield f"if {ast.unparse(node.test)}, negated", {"test": negated}
    elif isinstance(node, ast.Return) and node.value is not None:
        yield f"{ast.unparse(node)}, but None", {"value": ast.Constant(value=None)}
    if isinstance(body := getattr(node, "body", None), list):
        yield from _statements_left_out(node, body)


def _compared_otherwise(node: ast.Compare) -> Iterator[tuple[str, dict[str, object]]]:
    for place, op in enumerate(node.ops):
        ops = [*node.ops[:place], OTHERS[type(op)](), *node.ops[place + 1 :]]
        yield f"{ast.unparse(node)}, compared otherwise", {"ops": ops}


def _rows(node: ast.Dict | ast.Tuple | ast.Set) -> list[ast.expr]:
    return node.values if isinstance(node, ast.Dict) else node.elts


def _rows_left_out(node: ast.Dict | ast.Tuple | ast.Set) -> Iterator[tuple[str, dict[str, object]]]:
    if isinstance(getattr(node, "ctx", None), ast.Store):
        return
    for place, row in enumerate(_rows(node)):
        fields = ("keys", "values") if isinstance(node, ast.Dict) else ("elts",)
        left = {name: list(getattr(node, name)) for name in fields}
        for some in left.values():
            del some[place]
        yield f"without the row {ast.unparse(row)}", dict(left)


def _statements_left_out(
    node: ast.AST, body: list[ast.stmt]
) -> Iterator[tuple[str, dict[str, object]]]:
    if isinstance(node, ast.Module | ast.ClassDef):
        return
    for place, statement in enumerate(body):
        is_word = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not is_word and isinstance(
            statement, ast.Expr | ast.Assign | ast.AugAssign | ast.Delete
        ):
            left = [*body[:place], ast.Pass(), *body[place + 1 :]]
            yield f"without {ast.unparse(statement)} (line {statement.lineno})", {"body": left}


def _survives(
    file: Path, mutant: Mutant, copy: Path, tests: Sequence[str], within_s: float
) -> bool:
    whole = file.read_text(encoding="utf-8")
    file.write_text(mutant.source, encoding="utf-8")
    code = _run(copy, tests, within_s)
    file.write_text(whole, encoding="utf-8")
    if code == 0:
        _say(f"SURVIVED  line {mutant.line}: {mutant.what}")
    return code == 0


def _run(copy: Path, tests: Sequence[str], within_s: float | None) -> int:
    """Return pytest's exit code; 1 when it takes too long."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}  # none that is a moment too old
    try:
        return subprocess.run(  # noqa: S603 - our own pytest
            command,
            cwd=copy,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=within_s,
            check=False,
        ).returncode
    except subprocess.TimeoutExpired:
        return 1


def _copy_project(to: Path) -> None:
    nothing = shutil.ignore_patterns("__pycache__", "vendor", "node_modules")
    for name in NEEDED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, to / name, ignore=nothing)
        else:
            shutil.copy(ROOT / name, to / name)


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
