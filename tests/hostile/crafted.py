"""Records that try to have code run: each is crafted from a valid one, and would make a file.

`ATTACKS` maps a name to a function (record, marker) that changes a copy of a valid record in its
folder, so that whoever runs what the record names makes the file `marker`. The digest of a
crafted record is right: whoever can edit a record can compute it.
"""

import json
import pickle
import shutil
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sweepbook.record.digest import record_digest
from sweepbook.record.load import load_record

Attack = Callable[[Path, Path], None]
FIGURE = {"name": "own", "title": "A figure"}


def edit(record: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Changes the content of a record's manifest.json."""
    file = record / "manifest.json"
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


def give_its_digest(record: Path) -> None:
    """Writes the digest that a record's tables have into its manifest."""
    digest = record_digest(load_record(record))
    edit(record, lambda content: content.update(record_digest=digest))


def crafted(valid: Path, record: Path, attack: Attack, marker: Path) -> Path:
    """Returns a copy of a valid record that an attack has changed."""
    shutil.copytree(valid, record)
    attack(record, marker)
    return record


def evil_module(folder: Path, marker: Path, name: str) -> str:
    """Writes a module that makes the marker when it is imported; returns its name."""
    folder.mkdir(parents=True, exist_ok=True)
    text = f"open({str(marker)!r}, 'w').close()\n"
    text += "".join(f"def {function}(*_, **__): {text}" for function in ("train", "make", "load"))
    (folder / f"{name}.py").write_text(text)
    return name


def naming(config: Any = None, of_trials: Any = None, **study: Any) -> Attack:
    """An attack that changes what the study names, and perhaps the trials' configs."""

    def attack(record: Path, marker: Path) -> None:
        def change(content: dict[str, Any]) -> None:
            filled = json.loads(json.dumps(study).replace("MARKER", str(marker)))
            content["study"] |= filled
            for trial in content["trials"]:
                if "trainable" in filled:
                    trial["trainable"] = filled["trainable"]
                trial |= of_trials or {}
                if config is not None:
                    trial["config"] = json.loads(json.dumps(config).replace("MARKER", str(marker)))

        edit(record, change)

    return attack


def within(place: str, **study: Any) -> Attack:
    """An attack whose module lies at a place that `import_paths` names; EVIL stands for it."""

    def attack(record: Path, marker: Path) -> None:
        module = evil_module(record / place, marker, f"evil_{record.name.replace('-', '_')}")
        text = json.dumps(study).replace("EVIL", module)
        naming(**json.loads(text))(record, marker)
        paths = [str((record / place).absolute())]
        edit(record, lambda content: content.update(import_paths=paths))

    return attack


def _trial_alone(record: Path, marker: Path) -> None:
    within(".")(record, marker)
    trainable = f"evil_{record.name.replace('-', '_')}:train"

    def change(content: dict[str, Any]) -> None:
        for trial in content["trials"]:
            trial["trainable"] = trainable

    edit(record, change)


class _Runs:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        import os

        return os.system, (f"touch {self.marker}",)


def pickled(record: Path, marker: Path) -> None:
    """Plants a pickle that runs a command as every trial's checkpoint and best state."""
    _plant(record, lambda: pickle.dumps({"fidelity": 3, "state": _Runs(marker), "rows": []}))


def of_torch(record: Path, marker: Path) -> None:
    """As `pickled`, in a file of torch's form."""

    def content() -> bytes:
        file = record / "made.pt"
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(
                "archive/data.pkl", pickle.dumps({"state": _Runs(marker)}, protocol=2)
            )
            archive.writestr("archive/version", "3\n")
        return file.read_bytes()

    _plant(record, content)


def _plant(record: Path, content: Callable[[], bytes]) -> None:
    made = content()
    for trial in json.loads((record / "manifest.json").read_text())["trials"]:
        (record / "checkpoints" / f"{trial['trial_id']}.pt").write_bytes(made)
        (record / "checkpoints" / f"{trial['trial_id']}.best-3.pt").write_bytes(made)


def _project_in_record(record: Path, marker: Path) -> None:
    evil_module(record / "search_spaces", marker, "__init__")
    naming(figures=[{**FIGURE, "kind": "search_spaces:train"}])(record, marker)
    edit(record, lambda content: content.update(import_paths=[str(record)]))


def _site_by_environment(record: Path, marker: Path) -> None:
    evil_module(record, marker, "sitecustomize")
    home = record.parents[1]
    (home / "own_program.py").write_text('print(\'{"round": 1, "val_acc": 1}\')\n')
    program = {"command": "python own_program.py", "settings": "environment", "folder": str(home)}
    naming({"PYTHONPATH": str(record)}, trainable=program)(record, marker)


def _beside(record: Path, marker: Path) -> None:
    """A folder that came with the record: beside its storage, where nobody stands."""
    within("../code", trainable="EVIL:train")(record, marker)


def program(command: str, **config: Any) -> Attack:
    """An attack whose trainable is a program."""

    def attack(record: Path, marker: Path) -> None:
        folder = str(record.parents[1])
        naming(config or None, trainable={"command": command, "folder": folder})(record, marker)

    return attack


def _relative(record: Path, marker: Path) -> None:
    within(".", cost="EVIL:make", data="EVIL:load")(record, marker)
    edit(record, lambda content: content.update(import_paths=[f"records/{record.name}"]))


def _with_dots(record: Path, marker: Path) -> None:
    within(".", trainable="EVIL:train")(record, marker)
    dotted = f"{record.parents[1]}/records/../records/{record.name}"
    edit(record, lambda content: content.update(import_paths=[dotted]))


def _linked(record: Path, marker: Path) -> None:
    """The module is a link in the folder where one stands, to a file in the record."""
    within("inner", trainable="EVIL:train")(record, marker)
    name = f"evil_{record.name.replace('-', '_')}"
    (record.parents[1] / f"{name}.py").symlink_to(record / "inner" / f"{name}.py")
    edit(record, lambda content: content.update(import_paths=[str(record.parents[1])]))


SHELL = "touch MARKER"
ATTACKS: Mapping[str, Attack] = {
    "a-shell-as-data": naming(SHELL, data="os:system"),
    "exec-as-trainable": naming("open('MARKER', 'w')", trainable="builtins:exec"),
    "exec-as-single": naming("open('MARKER', 'w')", single="builtins:exec"),
    "keys-as-command": naming({"touch": 1, "MARKER": 2}, data="subprocess:run"),
    "re-exported": naming({"touch": 1, "MARKER": 2, "rounds": 3}, data="OWN:run"),
    "another-library": naming({"f": "x"}, trainable="torch:load"),
    "the-tool-itself": naming({"f": "x"}, data="sweepbook.study.hooks:load_object"),
    "module-in-the-record": within(".", trainable="EVIL:train"),
    "module-deep-in-the-record": within("parts/more", trainable="EVIL:train"),
    "hooks-in-the-record": _relative,
    "a-path-with-dots": _with_dots,
    "a-link-to-the-record": _linked,
    "beside-the-record": within("..", trainable="EVIL:train"),
    "beside-it-in-a-folder": _beside,
    "a-trial-s-own-trainable": _trial_alone,
    "artifacts": within(".", artifacts={"table": "EVIL:make"}),
    "a-figure": within(".", figures=[{**FIGURE, "kind": "EVIL:make"}]),
    "a-figure-of-a-shell": naming(figures=[{"name": "touch MARKER", "kind": "os:system"}]),
    "the-count-of-steps": within(
        ".", fidelity={"unit": "round", "setting": "rounds", "count": "EVIL:make"}
    ),
    "an-estimator": within(".", trainable={"make": "EVIL:make", "data": "EVIL:load", "folds": 2}),
    "further-claims": within(".", claims_of="EVIL:make"),
    "a-pickled-checkpoint": pickled,
    "a-checkpoint-of-torch": of_torch,
    "a-project-in-the-record": _project_in_record,
    "a-program": program("touch MARKER"),
    "a-program-of-a-shell": program("sh -c 'touch MARKER'"),
    "a-program-of-python": program("python -c \"open('MARKER', 'w')\""),
    "an-option-for-python": program("python {x} {y}", x="-c", y="open('MARKER', 'w')"),
    "python-in-the-record": program("python records/RECORD/evil.py"),
    "the-environment": _site_by_environment,
}

ESCAPES = (  # templates of answers that try to leave the sandbox
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ f.__globals__ }}{{ f.__init__ }}",
    "{{ cycler.__init__.__globals__.os.system('touch MARKER') }}",
    "{{ lipsum.__globals__['os'].popen('touch MARKER').read() }}",
    "{{ f('x')|attr('__class__')|attr('__init__')|attr('__globals__') }}",
    "{{ '{0.__class__.__init__.__globals__[os]}'.format(f) }}",
    "{% set g = f.__code__ %}{{ g }}{{ self._TemplateReference__context }}",
    "{{ f('x').__dict__.update(name='y') }}",
    "{% import 'os' as o %}{% include '/etc/passwd' %}",
    "{{ caller.gi_frame.f_globals }}{{ every('c').append(1) }}",
)
BOMBS = (  # and those that would take all time or memory
    "{{ 9 ** (9 ** 9) }}",
    "{{ 'a' * 10 ** 10 }}",
    "{% for a in range(99999) %}{% for b in range(99999) %}{{ a }}{% endfor %}{% endfor %}",
    "{{ '%999999999999d' | format(1) }}",
    "{{ 'a' | center(10 ** 11) }}",
    "{% macro m(n) %}{{ m(n) }}{{ m(n) }}{% endmacro %}{{ m(1) }}",
    "{% set x = 'a' * 99999 %}" + "{% set x = x ~ x %}" * 40 + "{{ x }}",
)


def answering(template: str) -> Attack:
    """An attack whose study answers by a template."""
    return naming(answers=template)
