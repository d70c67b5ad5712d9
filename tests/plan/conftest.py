"""A folder for files of users."""

import sys

import pytest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder for users' files, forgotten again with every module from it."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__spec__", "")):
            del sys.modules[name]
