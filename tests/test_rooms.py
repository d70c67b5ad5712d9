"""Who may import whom: the whole table, held against every import of every file, lazy ones too."""

import ast
import functools
import graphlib
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Room -> the rooms that it may import, beside itself. A file beside the rooms counts as one.
ALLOWED = {
    "study": set(),
    "stats": set(),
    "record": {"study"},
    "plan": {"record", "study"},
    "aggregates": {"record", "stats", "study"},
    "search": {"plan", "aggregates", "record", "study"},
    "findings": {"aggregates", "record", "stats", "study"},
    "figures": {"findings", "search", "aggregates", "record", "stats", "study"},
    "pages": {"figures", "findings", "aggregates", "record", "study"},
    "checks": {"doors", "pages", "figures", "findings", "plan", "aggregates", "record", "study"},
    "replay": {"figures", "aggregates", "record", "stats", "study"},
    "doors": {"plan", "record", "study"},
    "stack": {"record"},  # only trainables import it, no room of ours
    "tune": {"doors", "search", "plan", "record", "study"},
    "notebook": {"commands", "pages", "tune", "plan", "aggregates", "record", "study"},
    "commands": {
        "checks",
        "doors",
        "tune",
        "pages",
        "replay",
        "search",
        "plan",
        "findings",
        "record",
        "study",
    },
    "cli.py": {"commands", "tune"},
    "__main__.py": {"cli.py"},
    "__init__.py": {
        "doors",
        "notebook",
        "pages",
        "aggregates",
        "record",
        "study",
    },  # the public face
}
EXERCISE = {
    "search_spaces": {"sweepbook", "analysis"},  # what is published, and the answers' words
    "trainables": set(),  # generators, config in, metrics out: no Ray, and nothing of the tool
    "analysis": {"sweepbook", "trainables"},
}
# What is slow to import or one room's own: package -> where it may be imported.
RAY = {"tune", "doors"}
OPTUNA = {"search"}
TORCH = {"plan/room.py", "record/storage/packing.py"}  # inside functions
TORCH |= {"doors/lightning.py", "doors/transformers_state.py"}
TORCH_AT_ONCE = {"stack"}  # only a trainable imports it, and it imports torch anyway
TORCH |= TORCH_AT_ONCE
TORCH_OF_THE_EXERCISE = {"trainables", "analysis/figures/map_data.py"}

MOST_LINES = 300
MOST_FILES = 16  # in a folder, beside __init__.py


def files_of(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@functools.cache
def modules_imported(file: Path) -> dict[str, bool]:
    """Dotted names that a file imports -> whether each is imported inside functions alone."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    functions = [
        node
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    ]
    lazy = {id(inner) for function in functions for inner in ast.walk(function)}
    found: dict[str, bool] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            here = file.relative_to(ROOT).parent.parts if node.level else ()
            start = here[: len(here) - node.level + 1] if node.level else ()
            module = ".".join([*start, *filter(None, [node.module])])
            names = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            found[name] = found.get(name, True) and id(node) in lazy
    return found


def file_of(module: str) -> Path | None:
    """The file of ours that a dotted name means: a module's, or the one that holds the name."""
    parts = module.split(".")
    for n in (len(parts), len(parts) - 1):
        for path in (ROOT.joinpath(*parts[:n]).with_suffix(".py"), ROOT.joinpath(*parts[:n])):
            file = path / "__init__.py" if path.is_dir() else path
            if n and file.is_file():
                return file
    return None


def imports_of(file: Path) -> set[Path]:
    """The other files of ours that a file imports."""
    return {found for name in modules_imported(file) if (found := file_of(name))} - {file}


def named(file: Path) -> str:
    return str(file.relative_to(ROOT))


def room_of(file: Path) -> str:
    return file.relative_to(ROOT / "sweepbook").parts[0]


def test_the_table_has_every_room_and_no_other():
    assert {room_of(file) for file in files_of("sweepbook")} == set(ALLOWED)
    assert len(files_of("sweepbook")) > 100


def test_the_table_is_read_from_the_imports(tmp_path, monkeypatch):
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    file = tmp_path / "p" / "q" / "r.py"
    file.parent.mkdir(parents=True)
    for name in ("p/__init__.py", "p/q/__init__.py", "p/q/s.py", "p/t.py"):
        (tmp_path / name).write_text("")
    file.write_text(
        "import a.b\nfrom p import t\nfrom . import s\nfrom ..t import x\n"
        "def f():\n    import c\n    import a.b\n    from p.q.s import y\n"
    )
    names = modules_imported(file)
    assert names == {
        **{"a.b": False, "p.t": False, "p.q.s": False, "p.t.x": False, "c": True},
        "p.q.s.y": True,
    }
    assert sorted(map(named, imports_of(file))) == ["p/q/s.py", "p/t.py"]


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_what_the_table_allows(room):
    for file in files_of("sweepbook"):
        if room_of(file) != room:
            continue
        for other in imports_of(file):
            there = named(other)
            assert there.startswith("sweepbook/"), f"{named(file)} imports {there}"
            ours = room_of(other)
            assert ours in ALLOWED[room] | {room}, f"{named(file)} imports {there}"


@pytest.mark.parametrize("room", EXERCISE)
def test_the_exercise_imports_the_tool_as_any_project_would(room):
    for file in files_of(room):
        for other in imports_of(file):
            top = other.relative_to(ROOT).parts[0]
            assert top in EXERCISE[room] | {room}, f"{named(file)} imports {named(other)}"


@pytest.mark.parametrize("package", ["sweepbook", *EXERCISE])
def test_no_files_import_each_other_in_a_circle(package):
    graph = {file: imports_of(file) for file in files_of(package)}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" <- ".join(map(named, error.args[1])))


def places_of(package: str, tops: tuple[str, ...]) -> dict[str, bool]:
    """Files that import a package -> whether inside functions alone."""
    found = {}
    for top in tops:
        for file in files_of(top):
            lazy = [
                inside
                for name, inside in modules_imported(file).items()
                if name.partition(".")[0] == package
            ]
            if lazy:
                found[named(file)] = all(lazy)
    return found


@pytest.mark.parametrize("package, allowed", [("ray", RAY), ("optuna", OPTUNA), ("torch", TORCH)])
def test_what_one_room_imports_is_imported_nowhere_else(package, allowed):
    places = places_of(package, ("sweepbook",))
    assert places
    for file in places:
        inside = file.removeprefix("sweepbook/")
        assert inside in allowed or inside.partition("/")[0] in allowed, file


def test_what_is_slow_to_import_is_imported_inside_functions():
    places = places_of("torch", ("sweepbook",)).items()
    slow = {file: lazy for file, lazy in places if Path(file).parts[1] not in TORCH_AT_ONCE}
    assert slow and all(slow.values()), slow
    exercise = places_of("torch", ("analysis", "search_spaces", "trainables"))
    exercise |= places_of("torchvision", ("analysis", "search_spaces", "trainables"))
    for file, lazy in exercise.items():
        assert file in TORCH_OF_THE_EXERCISE or file.partition("/")[0] in TORCH_OF_THE_EXERCISE
        assert lazy or file.startswith("trainables/"), file
    spaces = places_of("ray", ("search_spaces",))
    assert spaces and all(spaces.values()), "listing studies needs no Ray"
    assert not places_of("ray", ("analysis", "trainables"))
    assert not places_of("optuna", tuple(EXERCISE))


def test_files_and_folders_stay_small():
    ours = [file for package in ("sweepbook", *EXERCISE) for file in files_of(package)]
    lines = {named(file): len(file.read_text(encoding="utf-8").splitlines()) for file in ours}
    assert not {file: n for file, n in lines.items() if n > MOST_LINES}
    folders = Counter(named(file.parent) for file in ours if file.name != "__init__.py")
    full = {folder for folder, n in folders.items() if n > MOST_FILES}
    assert not full
