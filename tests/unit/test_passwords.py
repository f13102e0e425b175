"""Which passwords are fit, and that checking one never holds up the loop."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pwdlib.hashers.argon2 import Argon2Hasher

from app.security.accounts import id_of
from app.security.passwords import LANES, Passwords, nobodys_hash, require_fit
from app.security.refusals import LoginUnfit, PasswordsBusy, PasswordUnfit


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    passwords = Passwords(time_cost=1, memory_kib=64, waiting_max=2)
    yield passwords
    passwords.close()


@pytest.mark.parametrize(
    "password", ["ten chars!", "十个字的密码也可以用的", "x" * 999 + "y", " " * 10]
)
def test_a_fit_password_passes(password: str):
    require_fit(password, "op1")


@pytest.mark.parametrize(
    ("password", "login", "why"),
    [
        ("nine char", "op1", "at least 10"),
        ("", "op1", "at least 10"),
        ("x" * 1_001, "op1", "at most 1,000"),
        ("Operator-One", "operator-one", "not the login"),
        ("ｏｐｅｒａｔｏｒ－ｏｎｅ", "operator-one", "not the login"),
    ],
)
def test_an_unfit_password_is_refused_without_being_repeated(password: str, login: str, why: str):
    with pytest.raises(PasswordUnfit, match=why) as caught:
        require_fit(password, login)
    assert not password or password not in str(caught.value)


async def test_only_the_right_password_is_right(passwords: Passwords):
    stored = await passwords.hash("the right one")
    assert await passwords.verify("the right one", stored) == (True, None)
    assert await passwords.verify("the wrong one", stored) == (False, None)
    assert await passwords.verify("the right one", "no hash at all") == (False, None)
    assert "the right one" not in stored


async def test_a_password_is_the_same_on_every_keyboard(passwords: Passwords):
    stored = await passwords.hash("cafe\u0301 １２３４５")
    assert await passwords.verify("caf\u00e9 12345", stored) == (True, None)


async def test_a_login_that_nobody_has_is_never_right(passwords: Passwords):
    assert await passwords.verify("", None) == (False, None)


def test_a_login_that_nobody_has_costs_as_much_as_one_that_somebody_has():
    real = Argon2Hasher(time_cost=1, memory_cost=64, parallelism=LANES).hash("the right one")
    nobodys = nobodys_hash(1, 64)
    assert [len(part) for part in nobodys.split("$")] == [len(part) for part in real.split("$")]
    assert nobodys.split("$")[:4] == real.split("$")[:4]


async def test_a_hash_of_other_costs_is_replaced_when_the_password_was_right(passwords: Passwords):
    old = Argon2Hasher(time_cost=2, memory_cost=64, parallelism=LANES).hash("the right one")
    is_right, better = await passwords.verify("the right one", old)
    assert is_right
    assert better
    assert await passwords.verify("the right one", better) == (True, None)


async def test_passwords_are_checked_beside_the_loop_and_only_so_many_wait(passwords: Passwords):
    right = await passwords.hash("the right one")
    checked_in: list[str] = []
    go_on = threading.Event()

    def verify(plain: str, stored: str) -> tuple[bool, str | None]:
        checked_in.append(threading.current_thread().name)
        go_on.wait()
        return True, None

    passwords._verify = verify
    waiting = [asyncio.create_task(passwords.verify("x", right)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(PasswordsBusy):
        await passwords.verify("x", right)
    go_on.set()
    assert await asyncio.gather(*waiting) == [(True, None)] * 2
    assert all(name.startswith("argon2") for name in checked_in)
    assert await passwords.verify("x", right) == (True, None)


@pytest.mark.parametrize(
    ("login", "account_id"),
    [
        ("op1", "op1"),
        (" OP1 ", "op1"),
        ("周敏", "周敏"),
        ("a.b-c_d@e+f", "a.b-c_d@e+f"),
        ("Ａ", "a"),
    ],
)
def test_a_login_has_one_comparable_form(login: str, account_id: str):
    assert id_of(login) == account_id
    assert id_of(account_id) == account_id


@given(st.text())
def test_the_comparable_form_is_its_own_comparable_form(login: str):
    with suppress(LoginUnfit):
        assert id_of(id_of(login)) == id_of(login)


@pytest.mark.parametrize("login", ["", " ", "a b", "a\0", "a\nb", "a/b", "x" * 65, "\ud800", "a:b"])
def test_an_unfit_login_is_refused(login: str):
    with pytest.raises(LoginUnfit):
        id_of(login)
