"""The public names: this list, each documented, and nothing else."""

import inspect
import subprocess
import sys

import pytest

import sweepbook

DECLARED = [
    "ASHA",
    "Claim",
    "Fidelity",
    "Fused",
    "Metric",
    "Option",
    "Published",
    "PublishedValue",
]
DECLARED += [
    "Estimator",
    "Program",
    "Search",
    "Study",
    "best",
    "higher",
    "learns",
    "lower",
    "same",
    "worst",
]
TRAINED = ["Best", "Interrupted", "Record", "confirm", "resume", "run", "verify"]
TRAINED += ["LightningReport", "TransformersReport", "report"]
ANALYSED = ["NothingToDraw", "curve_table", "draw", "draw_all", "find_project", "finding_table"]
ANALYSED += ["end_table", "last_rows", "load_record", "read_state", "select_trials", "trial_table"]
ANALYSED += ["compare_records", "with_known_files", "write_figure", "write_report", "write_table"]


def test_the_public_names_are_these():
    assert sorted(sweepbook.__all__) == sorted(DECLARED + TRAINED + ANALYSED)
    assert dir(sweepbook) == sorted([*sweepbook.__all__, "__version__"])
    assert sweepbook.__version__.count(".") == 2
    with pytest.raises(AttributeError, match="load_records"):
        sweepbook.load_records  # noqa: B018


@pytest.mark.parametrize("name", sweepbook.__all__)
def test_each_public_name_says_what_it_is_and_what_it_takes(name):
    thing = getattr(sweepbook, name)
    text = inspect.getdoc(thing) or ""
    assert len(text) > 40 and text.split("\n")[0].endswith((".", ":")), text
    if inspect.isfunction(thing):
        for parameter in inspect.signature(thing).parameters:
            assert parameter in text, f"{name} does not say what {parameter} is"


def test_a_study_file_is_read_without_ray_torch_or_pandas():
    code = (
        "import sys; from sweepbook import Study, Metric, Fidelity, Search, ASHA, Claim; "
        "slow = {'ray', 'torch', 'pandas', 'matplotlib', 'optuna'}; print(slow & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr
