"""The words of the pages, for files that leave the house: one catalogue for each language."""

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal, TypeAlias

Language: TypeAlias = Literal["zh", "en"]


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """Return every text of a language."""
    path = files("app") / "pages" / "i18n" / f"{language}.json"
    return json.loads(path.read_text("utf-8"))


def say(language: Language, key: str, **values: object) -> str:
    """Return a text with its `{gaps}` filled in; a key that nobody wrote stays as it is."""
    text = catalogue(language).get(key, key)
    return re.sub(r"\{(\w+)\}", lambda gap: str(values.get(gap[1], "—")), text)


def word(language: Language, family: str, value: str) -> str:
    """Return the word for one value of a family; a value without a word stays itself."""
    return catalogue(language).get(f"{family}.{value}", value)
