"""How the database's URL is understood."""

import pytest

from app.database import DatabaseUrlRefused, driver_url


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("postgres://u:p@h:5433/d", "postgresql://u:p@h:5433/d"),
        ("postgresql+asyncpg://h/d?ssl=require", "postgresql://h/d?sslmode=require"),
        ("postgresql://h/d?sslmode=verify-full", "postgresql://h/d?sslmode=verify-full"),
        (
            "postgresql://h/d?channel_binding=require&sslmode=require&connect_timeout=5",
            "postgresql://h/d?sslmode=require",
        ),
        (
            "postgresql://u@/d?host=/run/x&application_name=a%20b",
            "postgresql://u@/d?host=%2Frun%2Fx&application_name=a+b",
        ),
        (" postgresql://u:p%40ss@h/d\n", "postgresql://u:p%40ss@h/d"),
    ],
)
def test_each_spelling_says_the_same_to_the_driver(given: str, taken: str):
    assert driver_url(given) == taken


@pytest.mark.parametrize("url", ["", "h/d", "mysql://h/d", "postgresql://h:x/d", "sqlite:///x"])
def test_another_database_is_refused_without_quoting_the_url(url: str):
    with pytest.raises(DatabaseUrlRefused) as refused:
        driver_url(f"{url}?password=geheim" if url else url)
    assert "geheim" not in str(refused.value)
