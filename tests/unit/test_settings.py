"""Every setting is documented, where people look."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import Settings

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


def test_every_setting_is_in_the_readme():
    names = [
        str(field.validation_alias or f"YDT_{name.upper()}")
        for name, field in Settings.model_fields.items()
    ]
    assert [name for name in names if f"| `{name}` |" not in README] == []


def test_the_readme_names_no_setting_that_is_gone():
    table = README.split("## Settings", 1)[1].split("\n## ", 1)[0]
    known = {
        str(field.validation_alias or f"YDT_{name.upper()}")
        for name, field in Settings.model_fields.items()
    }
    named = {line.split("`")[1] for line in table.splitlines() if line.startswith("| `")}
    assert named - known == set()


def test_a_setting_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("YDT_PORT", "8123")
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/else")
    settings = Settings()
    assert settings.port == 8123
    assert settings.database_url is not None
    assert "somewhere" not in repr(settings)


def test_a_setting_out_of_range_is_refused_by_name():
    with pytest.raises(ValidationError, match="tracks_max"):
        Settings(tracks_max=1)
