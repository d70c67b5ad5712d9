"""Where Optuna keeps the studies of a search as well, so that they can be watched."""

from pathlib import Path

import optuna
from optuna.storages.journal import JournalFileBackend
from sqlalchemy.exc import SQLAlchemyError

from sweepbook.record.planned import SearchPlan
from sweepbook.record.storage.places import Place, place

Storage = optuna.storages.BaseStorage


def study_names(spec: SearchPlan, record: Place | Path) -> list[str]:
    """Returns the names of a record's Optuna studies, one per cell."""
    name = place(record).name
    return [f"{name} {spec.name_of(i)}".strip() for i in range(len(spec.cells))]


def kept_studies(spec: SearchPlan, record: Place | Path) -> Storage | None:
    """Returns the storage of a search's Optuna studies, without those of this record.

    Raises:
        ValueError: not a storage, one that cannot be opened, or where a study of another
            record has the name.
    """
    storage = _storage(spec.optuna_storage)
    names = study_names(spec, record)
    for known in optuna.get_all_study_summaries(storage) if storage else ():
        if storage is None or known.study_name not in names:
            continue
        if known.user_attrs.get("record") != str(record.resolve()):
            raise ValueError(
                f"{spec.optuna_storage} has a study {known.study_name!r} already, which belongs "
                f"to another record than {record}: choose another --name or --optuna-storage"
            )
        optuna.delete_study(study_name=known.study_name, storage=storage)
    return storage


def _storage(where: str | None) -> Storage | None:
    if where is None:
        return None
    try:
        if where.startswith("sqlite:///"):
            return optuna.storages.RDBStorage(where)
        if where.endswith((".journal", ".log")):
            return optuna.storages.JournalStorage(JournalFileBackend(where))
    except (OSError, ValueError, SQLAlchemyError) as error:
        cause = str(error).partition("\n")[0]
        raise ValueError(
            f"--optuna-storage {where} cannot be opened ({cause}): give a new file, or one that "
            "Optuna wrote, in a folder that you may write to"
        ) from error
    raise ValueError(f"--optuna-storage must be sqlite:///FILE or FILE.journal, got {where!r}")
