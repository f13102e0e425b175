"""What a page is made of, found by reading it: for the worker that keeps it, and for its weight."""

import json
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from posixpath import dirname, normpath
from typing import Final

ADDRESS: Final = "/caregiver"
ENTRY: Final = "caregiver/index.html"
WORKER: Final = "caregiver/worker.js"
SCOPE: Final = {"Service-Worker-Allowed": ADDRESS}
_BELOW: Final = "/pages/"
_IMPORT_MAP: Final = re.compile(r'<script type="importmap">(.*?)</script>', re.DOTALL)
_LINKED: Final = re.compile(r'(?:href|src)="/pages/([^"]+)"')
_IMPORTED: Final = re.compile(r"""(?:\bfrom\s*|\bimport\s*\(?\s*)["']([^"']+)["']""")
_LANGUAGES: Final = ("i18n/zh.json", "i18n/en.json")  # which a page asks for by name
_VERSION: Final = 'const VERSION = "none";'
_SHELL: Final = "const SHELL = [];"


def parts_of(files: Mapping[str, bytes], entry: str) -> list[str]:
    """Return the files below `app/pages` that a page loads, itself first, each once."""
    page = files[entry].decode()
    found = _IMPORT_MAP.search(page)
    names: Mapping[str, str] = json.loads(found[1])["imports"] if found else {}
    parts = {entry: None}
    linked: list[str] = _LINKED.findall(page.replace(found[0] if found else "", ""))
    waiting = [*linked, *_LANGUAGES]
    while waiting:
        name = waiting.pop(0)
        if name in parts or name not in files:
            continue
        parts[name] = None
        waiting.extend(_named_in(name, files[name], names))
    return list(parts)


def worker_of(files: Mapping[str, bytes]) -> bytes:
    """Return the caregiver page's worker, with its list of files and their common version."""
    parts = parts_of(files, ENTRY)
    digest = sha256()
    for name in parts:
        digest.update(name.encode() + b"\0" + sha256(files[name]).digest())
    kept = [ADDRESS if name == ENTRY else _BELOW + name for name in parts]
    text = files[WORKER].decode()
    text = text.replace(_VERSION, f'const VERSION = "{digest.hexdigest()[:16]}";')
    return text.replace(_SHELL, f"const SHELL = {json.dumps(kept)};").encode()


def _named_in(name: str, body: bytes, names: Mapping[str, str]) -> Iterator[str]:
    if name.endswith((".mjs", ".js")):
        for said in _IMPORTED.findall(body.decode()):
            if said.startswith("."):
                yield normpath(f"{dirname(name)}/{said}")
            elif said in names:
                yield names[said].removeprefix(_BELOW)
