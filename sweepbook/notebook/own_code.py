"""The functions that a study names, where the study stands in a notebook or a script."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from sweepbook.plan.modules.shipping import import_paths, modules_needed
from sweepbook.study.study import Study

_MAIN = "__main__"


def check_studies(studies: Iterable[object]) -> None:
    """Checks that there are studies, whose functions workers can import.

    Raises:
        ValueError: something is no study, or a function lies in the notebook or script itself.
    """
    found = list(studies)
    if not found:
        raise ValueError("run needs at least one study, got none")
    for study in found:
        if not isinstance(study, Study):
            raise ValueError(f"run needs a Study or a list of them, got {study!r:.60}")
        for what, path in study.hooks().items():
            if path.partition(":")[0] == _MAIN:
                raise ValueError(
                    f"{what} of {study.name} is {path!r}, which workers cannot import: write the "
                    "function into a file, such as my_training.py (in a notebook, %%writefile "
                    "my_training.py as the first line of its cell), and name it "
                    f"'my_training:{path.partition(':')[2]}'"
                )


def forget_changed_code(studies: Iterable[Study]) -> None:
    """In a notebook, forgets the modules of the studies' functions, which may have been edited.

    Workers are new processes, which import the files as they are now; so must this process, which
    asks the studies' functions about data and cost.
    """
    if "ipykernel" not in sys.modules:
        return
    wanted = list(studies)
    names = [path for study in wanted for path in study.hooks().values()]
    needed = modules_needed(names, import_paths(wanted))
    for module in list(sys.modules):
        if module.partition(".")[0] in needed:
            del sys.modules[module]
