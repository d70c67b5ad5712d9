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
from sweepbook.record.manifest import Data, Manifest
from sweepbook.record.provenance import git_commit, now, versions
from sweepbook.record.registration import Registration, claim_hashes
from sweepbook.record.storage.places import Where
from sweepbook.study.forms.estimator import Estimator
from sweepbook.study.forms.program import Program
from sweepbook.study.forms.trainable import module_of, trainable_name, type_of_configs
from sweepbook.study.hooks import add_to_path
from sweepbook.study.project import add_behind_project, find_project
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
    return Path(sys.modules[module].__file__ or "") if module else None


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

    The record's code is looked for in the project that one works in, then where it was recorded.

    Raises:
        ValueError: where the record's data or trainable cannot be read any more, or what the
            trainable imports is not installed.
    """
    add_behind_project(*manifest.import_paths)
    study = manifest.study
    add_to_path(*import_paths([study]))  # what lies beside it comes first, as for a worker
    current = versions(manifest.versions)
    found = [
        f"{package}: {old} in the record, {current.get(package) or 'not installed'} now"
        for package, old in manifest.versions.items()
        if current.get(package) != old
    ]
    type_of_configs(study.trainable)
    check_imports(study)
    if isinstance(study.trainable, Program) and not study.trainable.place.is_dir():
        raise ValueError(
            f"the folder in which the record's program was run, {study.trainable.folder}, does "
            "not exist any more: put it back, or start a new record"
        )
    module = module_of(study.trainable)
    earlier = [whole_code_sha256(module)] if module else []
    if manifest.code_sha256 not in (code_sha256(study), *earlier):
        file = _file_of(study) or trainable_name(study.trainable)
        found.append(f"the trainable's code has changed ({file}, or a file that it imports)")
    if study.data or isinstance(study.trainable, Estimator):
        searched = manifest.search.configs if manifest.search else ()
        configs = [*searched, *(trial.config for trial in manifest.trials)]
        data = ask_data(study, configs[0])
        then, at_present = manifest.data.sha256, data["sha256"]
        if at_present != then:
            before, current_hash = (str(sha or "no hash")[:12] for sha in (then, at_present))
            found.append(f"data: {before} in the record, {current_hash} now")
    for path, then_file in manifest.files.items():
        if not Path(path).is_file():
            found.append(f"{path}: read for the record, missing now")
        elif (now_file := file_sha256(path)) != then_file:
            found.append(f"{path}: {then_file[:12]} in the record, {now_file[:12]} now")
    return found
