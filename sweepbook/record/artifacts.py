"""Tables that a study's hooks have made of its record, for what code alone could draw later."""

from __future__ import annotations

import pandas as pd

from sweepbook.record.storage.files import make_folder, write_parquet
from sweepbook.record.storage.places import Place, Where, place

WRITTEN = "written"  # what a manifest says of an artifact that is of the record as it is now


def artifact_names(name: str) -> tuple[str, str]:
    """Returns the folder and the file of an artifact within a record; names are file names."""
    return "artifacts", f"{name}.parquet"


def artifact_path(record: Where, name: str) -> Place:
    """Returns where a record keeps the artifact `name`."""
    folder, file = artifact_names(name)
    return place(record) / folder / file


def write_artifact(record: Where, name: str, table: pd.DataFrame) -> None:
    """Writes an artifact atomically, compressed; an earlier one of that name is replaced.

    Raises:
        OSError: the record's storage is full, not writable or away.
        ArrowException: parquet cannot hold the table.
    """
    path = artifact_path(record, name)
    make_folder(path.parent)
    write_parquet(path, table)
