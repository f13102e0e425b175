"""Tries mutants on the tests of the rules, inside one run of pytest.

First all tests run once on whole rules, and it is noted which statements each of them runs. A
break in a function is then put into that function in a copy of a process (a fork) that has read
all tests, and those that run its statement are run until one fails: the fastest first, and before
them those that have killed before. A break in a table, a constant, a default, or in what runs
while modules are imported, is made in a copy that has imported nothing of the project yet; there
all tests are read and run, file by file.
"""

import ast
import gc
import os
import pickle
import resource
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from math import ceil
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Final, NamedTuple, TypeVar

import pytest
from mutants import Mutant, mutants_of, with_probes

RULES: Final = "dispatch"
TESTS: Final = ("tests/unit/dispatch", "tests/property/dispatch")
PLUGINS: Final = ("cacheprovider", "logging", "faulthandler", "unraisableexception")  # not needed
LAWS_SHARE: Final = 6  # of a law's examples a sixth is tried
ENOUGH: Final = 0.3  # of the time of all tests: whoever passes the fastest so long has survived
PATIENCE: Final = 5  # a mutant's test may take so many times as long as it should, and 2 s
IMPORT_S_MAX: Final = 30  # of the processor, for reading a file of tests
MEMORY_MAX: Final = 6 * 2**30  # bytes: a mutant may gather facts for ever
FAULT: Final = 70  # exit code of a copy in which the fault is ours

Answer = TypeVar("Answer")


class Seen(NamedTuple):
    """What was seen when the tests ran on whole rules. A place is a file and a line in it."""

    took_s: dict[str, float]  # by test
    file_s: dict[str, float]  # by file of tests
    turn: dict[str, float]  # by test: the smaller, the sooner it is tried
    tests_at: dict[tuple[str, int], list[str]]  # that run the statement
    at_import: set[tuple[str, int]]  # statements that run before the first test
    libraries: list[str]


class Trials:
    """A plugin for pytest that tries the mutants of some modules instead of running tests."""

    def __init__(
        self,
        modules: Sequence[str],
        tell: Callable[[str, Sequence[tuple[Mutant, int | None]]], None],
    ) -> None:
        self._modules = {str(Path(module).resolve()): module for module in modules}
        self._tell = tell
        self._is_copy = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> bool | None:
        """Do everything before the first file of the project is read; copies read them then."""
        if self._is_copy:
            return None
        self._is_copy = True
        seen = _in_copy(_look, session, list(self._modules))
        if seen is not None:
            for name in seen.libraries:
                with suppress(ImportError):
                    import_module(name)
            for file, module in self._modules.items():
                self._tell(module, list(_tried(session, file, seen)))
        return True

    def pytest_runtestloop(self) -> bool:
        """Leave out pytest's own loop."""
        return True


def _look(session: pytest.Session, files: Sequence[str]) -> Seen | None:
    """Run all tests on whole rules; None when one fails."""
    ran = set[tuple[str, int]]()

    def note(file: str, line: int) -> None:
        ran.add((file, line))

    before = set(sys.modules)
    codes = {file: compile(with_probes(_tree(file), "_ran", file), file, "exec") for file in files}
    sys.meta_path.insert(0, _Instead(codes, _ran=note))
    _read_tests(session, TESTS)
    libraries = [
        name
        for name in sorted(set(sys.modules) - before)
        if not Path(name.partition(".")[0]).is_dir()
    ]
    seen = Seen({}, {}, {}, {}, set(ran), libraries)
    count = Counter[str]()  # of one test's parameters: the first say most
    for item in session.items:
        ran.clear()
        _forget_answers()
        began = time.process_time()
        _passes(session, item)
        took_s = seen.took_s[item.nodeid] = time.process_time() - began
        seen.file_s[_file_of(item.nodeid)] = seen.file_s.get(_file_of(item.nodeid), 0.0) + took_s
        count[name := item.nodeid.partition("[")[0]] += 1
        seen.turn[item.nodeid] = took_s * count[name]
        for place in ran:
            seen.tests_at.setdefault(place, []).append(item.nodeid)
    return None if session.testsfailed else seen


def _tried(session: pytest.Session, file: str, seen: Seen) -> Iterator[tuple[Mutant, int | None]]:
    """Give every mutant of a file: None if it was killed, else by how many tests it was not."""
    tree = _tree(file)
    told = _in_copy(_tried_in_place, session, file, tree, seen) or {}
    files = _files(file, seen)
    for number, mutant in enumerate(mutants_of(tree)):
        if number in told:
            yield mutant, told[number]
            continue
        code = compile(tree, file, "exec")
        killer = _in_copy(_killer_anew, session, file, code, files, seen)
        yield mutant, len(seen.took_s) if killer == "" else None
        if killer:  # it may well kill the next one too
            files.remove(killer)
            files.insert(0, killer)


def _files(file: str, seen: Seen) -> list[str]:
    """Return all files of tests: first those that run the file's statements, the fastest first."""
    near = set[str]()
    for (where, _), tests in seen.tests_at.items():
        near |= {_file_of(test) for test in tests} if where == file else set()
    return sorted(seen.file_s, key=lambda one: (one not in near, seen.file_s[one]))


def _tried_in_place(
    session: pytest.Session, file: str, tree: ast.Module, seen: Seen
) -> dict[int, int | None]:
    """Try the mutants that can be put into functions; return by their number how many survived."""
    _read_tests(session, TESTS)
    _forget_answers()
    items = {item.nodeid: item for item in session.items}
    functions = [one for one in gc.get_objects() if type(one) is FunctionType]
    functions = [one for one in functions if one.__code__.co_filename == file]
    gc.freeze()  # a copy need not look at all that again
    told: dict[int, int | None] = {}
    kills = Counter[str]()
    for number, mutant in enumerate(mutants_of(tree)):
        place = (file, mutant.statement)
        changes = _changes(functions, compile(tree, file, "exec"))
        if not mutant.is_in_function or not changes or place in seen.at_import:
            continue
        names = seen.tests_at.get(place, [])
        names.sort(key=lambda name: seen.turn[name] / (1 + 100 * kills[name]))
        tests = [items[name] for name in _enough(names, seen.took_s)]
        killer = _in_copy(_killer_in_place, session, changes, tests, seen)
        told[number] = len(names) if killer == "" else None
        kills[killer or ""] += 1
    return told


def _enough(tests: Sequence[str], took_s: Mapping[str, float]) -> Iterator[str]:
    """Give tests, or files of them, for as long as it is worth it."""
    left_s = ENOUGH * sum(took_s.values())
    for test in tests:
        left_s -= took_s[test]
        if left_s > 0:
            yield test


def _changes(
    functions: Sequence[FunctionType], module: CodeType
) -> list[tuple[FunctionType, CodeType]]:
    """Return the functions that a mutant changes, with their new code; none if that cannot be."""
    codes = {(one.co_qualname, one.co_firstlineno): one for one in _codes_in(module)}
    pairs = [
        (one, codes[key])
        for one in functions
        if (key := (one.__qualname__, one.__code__.co_firstlineno)) in codes
        and "<lambda>" not in one.__qualname__  # two may stand in one line
        and one.__code__ != codes[key]
    ]
    return [] if any(one.__code__.co_freevars != new.co_freevars for one, new in pairs) else pairs


def _codes_in(code: CodeType) -> Iterator[CodeType]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield one
            yield from _codes_in(one)


def _killer_in_place(
    session: pytest.Session,
    changes: Sequence[tuple[FunctionType, CodeType]],
    tests: Sequence[pytest.Item],
    seen: Seen,
) -> str:
    """Return the test that notices; "" when none does."""
    for function, code in changes:
        function.__code__ = code
    for test in tests:
        _allow(2 + PATIENCE * seen.took_s[test.nodeid])
        if not _passes(session, test):
            return test.nodeid
    return ""


def _killer_anew(
    session: pytest.Session, file: str, code: CodeType, files: Sequence[str], seen: Seen
) -> str:
    """Return the file of tests that notices; "" when none does."""
    sys.meta_path.insert(0, _Instead({file: code}))
    for one in _enough(files, seen.file_s):
        _allow(IMPORT_S_MAX)
        _read_tests(session, [one])
        if session.testsfailed:
            return one
        for item in sorted(session.items, key=lambda item: seen.turn.get(item.nodeid, 0.0)):
            _allow(2 + PATIENCE * seen.took_s.get(item.nodeid, 0.0))
            if not _passes(session, item):
                return one
    return ""


class _Instead(MetaPathFinder, Loader):
    """Gives other code to whoever imports a module of the rules."""

    def __init__(self, codes: Mapping[str, CodeType], **words: object) -> None:
        self._codes, self._words = codes, words

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        file = str(Path(fullname.replace(".", "/")).resolve().with_suffix(".py"))
        return spec_from_file_location(fullname, file, loader=self) if file in self._codes else None

    def exec_module(self, module: ModuleType) -> None:
        vars(module).update(self._words)
        exec(self._codes[str(module.__file__)], vars(module))  # noqa: S102 - our own module


def _in_copy(work: Callable[..., Answer], *given: object) -> Answer | None:
    """Return what a copy of this process answers; None when it dies of time or memory."""
    back, to = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = FAULT
        try:
            with os.fdopen(to, "wb") as pipe:
                pickle.dump(work(*given), pipe)
            code = 0
        except (MemoryError, RecursionError):
            code = 1
        except BaseException:  # noqa: BLE001 - told, and raised in the parent
            os.write(2, traceback.format_exc().encode())
        finally:
            os._exit(code)
    os.close(to)
    with os.fdopen(back, "rb") as pipe:
        answer = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status == FAULT:
        raise RuntimeError("a copy of the process failed: see above")
    return pickle.loads(answer) if status == 0 else None  # noqa: S301 - our own copy's


def _allow(seconds: float) -> None:
    """Let the system end this process when it takes more of the processor, or too much memory."""
    until = ceil(time.process_time() + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _tree(file: str) -> ast.Module:
    return ast.parse(Path(file).read_text(encoding="utf-8"))


def _file_of(test: str) -> str:
    return test.partition("::")[0]


def _read_tests(session: pytest.Session, where: Sequence[str]) -> None:
    session.config.args = list(where)
    session.config.hook.pytest_collection(session=session)


def _passes(session: pytest.Session, item: pytest.Item) -> bool:
    before = session.testsfailed
    session.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
    return session.testsfailed == before


def _forget_answers() -> None:
    """Empty the caches of the rules, so that every test runs their lines itself."""
    for name, module in list(sys.modules.items()):
        if name.startswith(f"{RULES}."):
            for value in list(vars(module).values()):
                if hasattr(value, "cache_clear"):
                    value.cache_clear()
