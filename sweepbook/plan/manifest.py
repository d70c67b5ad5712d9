"""A record's manifest: all that its numbers depend on, and the plan that it was made from."""

import dataclasses
from pathlib import Path
from typing import Any

from sweepbook.plan.code import code_sha256
from sweepbook.plan.options import Options
from sweepbook.plan.plan import Plan
from sweepbook.plan.trial import file_sha256
from sweepbook.record.load import SCHEMA_VERSION
from sweepbook.record.places import Where
from sweepbook.record.planned import SearchPlan, Trial
from sweepbook.record.provenance import git_commit, now, versions
from sweepbook.study.hooks import add_to_path, load_object
from sweepbook.study.study import Study


def manifest_of(
    plan: Plan, options: Options, command: list[str], import_paths: list[str]
) -> dict[str, Any]:
    """Returns the manifest of a new record: all that its numbers depend on."""
    study = dataclasses.asdict(plan.study)
    return {
        "schema_version": SCHEMA_VERSION,
        "study": study,
        "command": command,
        "seed": plan.seed,
        "n_replicates": plan.n_replicates,
        "scale": options.scale,
        "overrides": {**_given(plan, options), "epochs": options.epochs},
        "versions": versions(),
        "git_commit": git_commit(),
        "code_sha256": code_sha256(plan.study.trainable.split(":")[0]),
        "data": plan.data,
        "files": plan.files,
        "started": now(),
        "ended": None,
        "import_paths": import_paths,
        "trials": [dataclasses.asdict(trial) for trial in plan.trials],
        "search": dataclasses.asdict(plan.search) if plan.search else None,
    }


def _given(plan: Plan, options: Options) -> dict[str, Any]:
    """The settings of a command that this study has."""
    given = {**options.settings, **options.optional}
    return {k: v for k, v in given.items() if k in plan.a_config}


def recorded_plan(manifest: dict[str, Any]) -> Plan:
    """Returns the plan of a record: its trials so far, and what a search needs to go on."""
    study = dict(manifest["study"])
    kept = {"name", "question", "trainable", "data", "cost", "replicates", "seed", "stacked"}
    kept |= {"cpus", "gpus", "hang_s"}
    kept |= {"single", "extendable"} & study.keys()  # records of earlier versions do not have it
    scheduler, search = study.get("scheduler"), manifest.get("search")
    from sweepbook.study.asha import ASHA
    from sweepbook.study.study import Fidelity, Metric

    return Plan(
        study=Study(
            metric=Metric(**study["metric"]),
            fidelity=Fidelity(**study["fidelity"]),
            scheduler=ASHA(**scheduler) if scheduler else None,
            **{key: study[key] for key in kept},
        ),
        seed=manifest["seed"],
        n_replicates=manifest["n_replicates"],
        data=manifest["data"],
        files=manifest.get("files", {}),
        trials=tuple(Trial(**trial) for trial in manifest["trials"]),
        search=SearchPlan(**search) if search else None,
    )


def check_unchanged(folder: Where, manifest: dict[str, Any], force: bool) -> list[str]:
    """Returns in what this installation differs from a record's; ValueError unless `force`."""
    changes = changes_since(manifest)
    if changes and not force:
        raise ValueError(
            f"{folder} was made otherwise, its numbers would mix with new ones: "
            f"{'; '.join(changes)}. Restore what it was made with, start a new record, or insist "
            "with --force"
        )
    return changes


def changes_since(manifest: dict[str, Any]) -> list[str]:
    """Returns in what this installation and its data differ from those of a record.

    Raises:
        ValueError: where the record's data or trainable cannot be read any more.
    """
    for path in manifest["import_paths"]:
        add_to_path(path)
    study = manifest["study"]
    current = versions()
    found = [
        f"{package} {old} then, {current.get(package)} now"
        for package, old in manifest["versions"].items()
        if current.get(package) != old
    ]
    load_object(study["trainable"])
    if code_sha256(study["trainable"].split(":")[0]) != manifest["code_sha256"]:
        found.append("the trainable's code has changed")
    if study["data"]:
        search = manifest.get("search") or {"configs": []}
        configs = [*search["configs"], *(trial["config"] for trial in manifest["trials"])]
        data = load_object(study["data"])(configs[0])
        then, at_present = manifest["data"]["sha256"], data["sha256"]
        if at_present != then:
            found.append(f"data {then[:12]} then, {at_present[:12]} now")
    for path, then in manifest.get("files", {}).items():
        if not Path(path).is_file():
            found.append(f"{path} was read then, and is gone now")
        elif (at_present := file_sha256(path)) != then:
            found.append(f"{path} {then[:12]} then, {at_present[:12]} now")
    return found
