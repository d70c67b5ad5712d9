"""The room's plan: no circle among its files, and nothing of the tool or of the other rooms."""

import ast
from collections.abc import Mapping
from graphlib import TopologicalSorter
from pathlib import Path

ROOM = Path(__file__).parents[2] / "trainables"


def imported(file: Path) -> set[str]:
    """The modules that a file imports, at its top or within a function."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = str(node.module)
            of_package = module == ROOM.name  # from trainables import europe
            found |= {f"{module}.{a.name}" for a in node.names} if of_package else {module}
    return found


def graph() -> Mapping[str, set[str]]:
    """trainables.FILE -> the modules that it imports."""
    return {f"{ROOM.name}.{file.stem}": imported(file) for file in sorted(ROOM.glob("*.py"))}


def test_no_file_imports_one_that_imports_it_again() -> None:
    files = graph()
    own = {name: modules & files.keys() for name, modules in files.items()}
    assert len(own) > 30 and own["trainables.vision"] >= {"trainables.resnet", "trainables.probe"}
    order = list(TopologicalSorter(own).static_order())  # CycleError names the circle
    assert order.index("trainables.resnet_body") < order.index("trainables.body_weights")


def test_a_trainable_knows_neither_ray_nor_the_tool() -> None:
    foreign = {"ray", "optuna", "sweepbook", "search_spaces", "analysis"}
    for name, modules in graph().items():
        assert not {module.partition(".")[0] for module in modules} & foreign, name
