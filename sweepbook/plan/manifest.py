"""A record's manifest: all that its numbers depend on, and the plan that it was made from."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sweepbook.plan.asked import ask_data
from sweepbook.plan.modules.code import code_sha256, whole_code_sha256
from sweepbook.plan.modules.missing import check_imports
from sweepbook.plan.modules.programs import program_files
from sweepbook.plan.modules.shipping import import_paths
from sweepbook.plan.options import Options
from sweepbook.plan.plan import Plan
from sweepbook.plan.replaced import replaced_values
from sweepbook.plan.trial import file_sha256
from sweepbook.plan.trust.code import take_code
from sweepbook.plan.trust.places import located
from sweepbook.record.manifest import Data, Manifest
from sweepbook.record.provenance import git_commit, now, versions
from sweepbook.record.registration import Registration, claim_hashes
from sweepbook.record.storage.places import Place, Where
from sweepbook.study.forms.estimator import Estimator
from sweepbook.study.forms.program import Program
from sweepbook.study.forms.trainable import module_of, trainable_name, type_of_configs
from sweepbook.study.hooks import add_to_path
from sweepbook.study.project import find_project
from sweepbook.study.study import Study


def new_manifest(
    plan: Plan, options: Options, command: Sequence[str], paths: Sequence[str]
) -> Manifest:
    """Returns the manifest of a new record: all that its numbers depend on, and its claims."""
    started, file = now(), _file_of(plan.study)
    overrides = {**_given(plan, options), "epochs": options.epochs}
    commit = git_commit(file) if file else None
    claims = claim_hashes(plan.study.claims)
    return Manifest(
        study=plan.study,
        command=tuple(command),
        seed=plan.seed,
        n_replicates=plan.n_replicates,
        scale=options.scale,
        overrides=overrides,
        replaced=replaced_values(plan, overrides),
        versions=versions(plan.study.packages),
        git_commit=git_commit(),
        code_sha256=code_sha256(plan.study),
        data=Data(plan.data),
        files=plan.files,
        started=started,
        registration=Registration(claims=claims, commit=commit, at=started),
        import_paths=tuple(paths),
        trials=plan.trials,
        search=plan.search,
        project=_project_of(file) if file else None,
    )


def _file_of(study: Study) -> Path | None:
    """The file of a study's trainable; None: a program whose command names no file."""
    if isinstance(study.trainable, Program):
        return next(iter(program_files(study.trainable, study.configs())), None)
    module = module_of(study.trainable)
    return located(module) or Path() if module else None


def _project_of(file: Path) -> str | None:
    """The name of the project that a trainable's file lies in, or None."""
    project = find_project(file.parent)
    return project.name if project else None


def _given(plan: Plan, options: Options) -> dict[str, Any]:
    """The settings of a command that this study has."""
    given = {**options.settings, **options.optional}
    return {k: v for k, v in given.items() if k in plan.a_config}


def recorded_plan(manifest: Manifest) -> Plan:
    """Returns the plan of a record: its trials so far, and what a search needs to go on."""
    return Plan(
        study=manifest.study,
        seed=manifest.seed,
        n_replicates=manifest.n_replicates,
        data=dict(manifest.data.described),
        files=dict(manifest.files),
        trials=manifest.trials,
        search=manifest.search,
    )


def check_unchanged(folder: Where, manifest: Manifest, force: bool) -> list[str]:
    """Returns in what this installation differs from a record's; ValueError unless `force`."""
    changes = changes_since(manifest)
    if changes and not force:
        raise ValueError(
            f"{folder} was created with different code, data or versions, so going on would mix "
            f"results: {'; '.join(changes)}. Restore them, start a new record, or add --force"
        )
    return changes


def changes_since(manifest: Manifest) -> list[str]:
    """Returns in what this installation and its data differ from those of a record.

    The record's code is imported and its data are read: ask `take_code` first.

    Raises:
        ValueError: where the record's data or trainable cannot be read any more, or what the
            trainable imports is not installed.
    """
    study = manifest.study
    add_to_path(*import_paths([study]))  # what lies beside it comes first, as for a worker
    type_of_configs(study.trainable)
    check_imports(study)
    if isinstance(study.trainable, Program) and not study.trainable.place.is_dir():
        raise ValueError(
            f"the folder in which the record's program was run, {study.trainable.folder}, does "
            "not exist any more: put it back, or start a new record"
        )
    found = [*_other_versions(manifest), *_other_code(manifest)]
    if study.data or isinstance(study.trainable, Estimator):
        searched = manifest.search.configs if manifest.search else ()
        configs = [*searched, *(trial.config for trial in manifest.trials)]
        data = ask_data(study, configs[0])
        then, at_present = manifest.data.sha256, data["sha256"]
        if at_present != then:
            before, current_hash = (str(sha or "no hash")[:12] for sha in (then, at_present))
            found.append(f"data: {before} in the record, {current_hash} now")
    return [*found, *_other_files(manifest)]


def changes_seen(record: Place, manifest: Manifest) -> tuple[list[str], bool]:
    """Returns the changes that show without importing or calling anything, and whether the code
    could be compared: it could not where it is not here, or is none that `take_code` takes."""
    before = list(sys.path)
    try:
        take_code(record, manifest)
        add_to_path(*import_paths([manifest.study]))
        code = _other_code(manifest) if _is_here(manifest.study) else None
    except ValueError:
        code = None
    finally:
        sys.path[:] = before
    found = [*_other_versions(manifest), *(code or ()), *_other_files(manifest)]
    return found, code is not None


def _is_here(study: Study) -> bool:
    """Whether the files of a study's trainable are found."""
    file = _file_of(study)
    return file is not None and file.is_file()


def _other_versions(manifest: Manifest) -> list[str]:
    current = versions(manifest.versions)
    return [
        f"{package}: {old} in the record, {current.get(package) or 'not installed'} now"
        for package, old in manifest.versions.items()
        if current.get(package) != old
    ]


def _other_code(manifest: Manifest) -> list[str]:
    study = manifest.study
    module = module_of(study.trainable)
    earlier = [whole_code_sha256(module)] if module else []
    if manifest.code_sha256 in (code_sha256(study), *earlier):
        return []
    file = _file_of(study) or trainable_name(study.trainable)
    return [f"the trainable's code has changed ({file}, or a file that it imports)"]


def _other_files(manifest: Manifest) -> list[str]:
    found = []
    for path, then_file in manifest.files.items():
        if not Path(path).is_file():
            found.append(f"{path}: read for the record, missing now")
        elif (now_file := file_sha256(path)) != then_file:
            found.append(f"{path}: {then_file[:12]} in the record, {now_file[:12]} now")
    return found
