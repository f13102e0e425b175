"""The tool that breaks the rules: it breaks each thing once, and gives code that still reads."""

import ast
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "tools" / "mutants.py"


@pytest.fixture(scope="module")
def mutants():
    spec = spec_from_file_location("mutants", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["mutants"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["mutants"]


@pytest.mark.parametrize(
    ("source", "broken"),
    [
        ("a = b < 2", ["a = b <= 2", "a = b < 3"]),
        ("a = b and c + d", ["a = b or c + d", "a = b and c - d"]),
        ("a = True", ["a = False"]),
        ("a = {(1, 2): c, d: e}", ["a = {d: e}", "a = {(1, 2): c}"]),
        ("a = {b, c}", ["a = {c}", "a = {b}"]),
        ("a, b = c", []),
        ("from a import b\nc: 'int | None'\nd: TypeAlias = e[f, g]\nassert c", []),
        ("a(b, strict=True)", []),
        ("if TYPE_CHECKING:\n    a()", []),
        (
            'def a(b: 1):\n    """Word."""\n    c(b)\n    return b',
            [
                'def a(b: 1):\n    """Word."""\n    pass\n    return b',
                'def a(b: 1):\n    """Word."""\n    c(b)\n    return None',
            ],
        ),
        ("def a():\n    return None", []),
        ("if a:\n    b()", ["if not a:\n    b()", "if a:\n    pass"]),
    ],
)
def test_each_thing_is_broken_once(mutants, source, broken):
    tree = ast.parse(source)
    assert [ast.unparse(tree) for _ in mutants.mutants_of(tree)] == broken
    assert ast.unparse(tree) == source


def test_a_mutant_says_which_line_it_changes_and_in_which_statement(mutants):
    tree = ast.parse("a = {\n1: b, 2: b}\ndef b(c=2):\n    d(\n        3)\n    if c:\n        e(c)")
    assert [
        (one.what, one.line, one.statement, one.is_in_function) for one in mutants.mutants_of(tree)
    ] == [
        ("without the row 1: b", 2, 1, False),
        ("without the row 2: b", 2, 1, False),
        ("without d(3)", 4, 4, True),
        ("2 is 3", 3, 3, False),
        ("3 is 4", 5, 4, True),
        ("if c, negated", 6, 6, True),
        ("without e(c)", 7, 7, True),
    ]


def test_a_probe_stands_before_each_statement_of_a_function(mutants):
    tree = ast.parse("a = 1\ndef b():\n    if c:\n        d()\n    else:\n        e()")
    probed = ast.unparse(mutants.with_probes(tree, "p", "f"))
    assert probed == (
        "a = 1\n\ndef b():\n    p('f', 3)\n    if c:\n        p('f', 4)\n        d()\n"
        "    else:\n        p('f', 6)\n        e()"
    )


def test_every_mutant_of_the_rules_can_be_read_and_differs(mutants):
    tree = ast.parse((FILE.parents[1] / "dispatch" / "claim.py").read_text("utf-8"))
    whole = ast.unparse(tree)
    found = [ast.unparse(tree) for _ in mutants.mutants_of(tree)]
    assert len(found) > 10
    for one in found:
        ast.parse(one)
        assert one != whole
