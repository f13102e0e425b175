"""What was taken from others is as its authors published it, and its licence stands beside it."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

VENDOR = Path(__file__).parents[2] / "app" / "pages" / "vendor"
MODULES = json.loads((VENDOR / "vendor.json").read_text("utf-8"))
LICENCES = {"Apache-2.0", "BSD-2-Clause", "MIT"}
OURS = {"vendor.json", "README.md"}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module["folder"])
def test_a_module_is_byte_for_byte_what_the_manifest_says(module):
    sums = {
        name: sha256((VENDOR / module["folder"] / name).read_bytes()).hexdigest()
        for name in module["files"]
    }
    assert sums == module["files"]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module["folder"])
def test_a_module_comes_with_a_licence_that_we_may_pass_on(module):
    assert module["licence"] in LICENCES
    assert "LICENSE" in module["files"]
    assert module["version"]
    assert module["package"]


def test_no_file_stands_in_the_folder_that_the_manifest_does_not_name():
    named = {f"{module['folder']}/{name}" for module in MODULES for name in module["files"]}
    found = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    assert found - OURS == named
