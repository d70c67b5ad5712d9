"""The code of the pages for users: their study files are planned, and each trainable trains."""

import re
import sys
import types
from pathlib import Path

import pytest

from sweepbook import Study
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.study.hooks import load_object

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page):
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


@pytest.fixture
def study_of(monkeypatch):
    """study_of(page, name): the study in the page's first block of code, as the file NAME.py."""

    def read(page, name):
        code = blocks(page)[0]
        module = types.ModuleType(name)
        monkeypatch.setitem(sys.modules, name, module)
        exec(compile(code, f"{name}.py", "exec"), vars(module))
        (study,) = (value for value in vars(module).values() if isinstance(value, Study))
        return study

    return read


@pytest.mark.parametrize(
    "page, name, n_trials, opened",
    [
        ("index.md", "depth", 4, {}),
        ("own-study.md", "digits", 6, {}),
        ("own-search.md", "search_digits", 60, {"lr": 0.01, "width": 16, "batch_size": 64}),
    ],
)
def test_a_study_is_planned_and_its_trainable_trains(study_of, page, name, n_trials, opened):
    study = study_of(page, name)
    assert make_plan(study, Options()).n_trials == n_trials
    config = study.configs()[0] | opened | {study.fidelity.setting: 2, "seed": 1}
    yielded = list(load_object(study.trainable)(config))
    assert [metrics[study.fidelity.unit] for metrics in yielded] == [1, 2]
    assert all(float(metrics[study.metric.name]) > 0 for metrics in yielded)


def test_the_first_study_goes_on_from_its_state(study_of):
    study = study_of("own-study.md", "digits")
    train = load_object(study.trainable)
    config = study.configs()[0] | {"epochs": 3, "seed": 1}
    first = next(train(config))
    resumed = list(train(config, state=first["state"]()))
    assert [metrics["epoch"] for metrics in resumed] == [2, 3]
    assert resumed[0]["val_loss"] < first["val_loss"]


def test_the_study_of_the_start_page_is_that_of_the_readme():
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    (code,) = blocks("index.md")
    name, *lines = code.splitlines(keepends=True)
    assert name == "# depth.py\n" and f"```python\n{''.join(lines)}```" in readme


@pytest.mark.parametrize("page", ["study.md", "api/index.md"])
def test_a_page_s_pieces_of_code_run(page):
    assert blocks(page)
    for code in blocks(page):
        exec(compile(code, page, "exec"), {})


def test_the_stack_of_the_page_trains_as_its_comments_say():
    code = {}
    exec(blocks("stack.md")[0], code)
    assert code["losses"].shape == (3,) and code["scores"].shape == (3, 64, 5)
    code["build"](1).load_state_dict(code["weights"])
