"""The examples in the docstrings of values that a study file declares, run as they stand."""

import doctest
import importlib

import pytest

MODULES = ("asha", "claim", "option", "published", "search", "study")


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_hold(name):
    module = importlib.import_module(f"sweepbook.study.{name}")
    found = doctest.testmod(module)
    assert found.attempted and not found.failed
