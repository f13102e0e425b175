"""The tool that breaks the rules: it breaks each thing once, and gives code that still reads."""

import ast
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "tools" / "mutate.py"


@pytest.fixture(scope="module")
def mutate():
    spec = spec_from_file_location("mutate", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["mutate"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["mutate"]


@pytest.mark.parametrize(
    ("source", "mutants"),
    [
        ("a = b < 2", ["a = b <= 2", "a = b < 3"]),
        ("a = b and c + d", ["a = b or c + d", "a = b and c - d"]),
        ("a = True", ["a = False"]),
        ("a = {b: c, d: e}", ["a = {d: e}", "a = {b: c}"]),
        ("a, b = c", []),
        ("from a import b\nc: 'int | None'", []),
        (
            'def a(b: 1):\n    """Word."""\n    c(b)\n    return b',
            [
                'def a(b: 1):\n    """Word."""\n    pass\n    return b',
                'def a(b: 1):\n    """Word."""\n    c(b)\n    return None',
            ],
        ),
        ("if a:\n    b()", ["if not a:\n    b()", "if a:\n    pass"]),
    ],
)
def test_each_thing_is_broken_once(mutate, source, mutants):
    assert [one.source for one in mutate.mutants_of(source)] == mutants


def test_every_mutant_of_the_rules_can_be_read_and_differs(mutate):
    source = (FILE.parents[1] / "dispatch" / "claim.py").read_text("utf-8")
    whole = ast.unparse(ast.parse(source))
    found = [one.source for one in mutate.mutants_of(source)]
    assert len(found) > 10
    for one in found:
        ast.parse(one)
        assert one != whole
