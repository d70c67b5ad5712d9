"""The artifacts of a finished record: what its study's hooks make of it, as tables in it."""

import pandas as pd

from sweepbook.record.artifacts import WRITTEN, artifact_path, write_artifact
from sweepbook.record.load import Record, load_record, with_known_files
from sweepbook.record.storage.files import delete
from sweepbook.record.storage.outage import Say
from sweepbook.record.writer import RecordWriter
from sweepbook.study.errors import told
from sweepbook.study.hooks import load_object


def make_artifacts(writer: RecordWriter, say: Say) -> None:
    """Runs the hooks of a record that has ended, and writes their tables beside its own.

    The lock must still be held. A record whose trials have not all ended gets none. Whatever goes
    wrong is said there and noted in the manifest, and the record is as good as before.
    """
    hooks = writer.manifest.study.artifacts
    if not hooks or writer.manifest.status not in ("complete", "failed"):
        return
    try:
        record = with_known_files(load_record(writer.folder))
        noted = {name: _made(record, name, path) for name, path in hooks.items()}
        writer.note(artifacts=noted)
        writer.flush()
    except Exception as error:  # the storage, say: the record itself is whole
        noted = dict.fromkeys(hooks, told(error))
    for name, outcome in noted.items():
        if outcome != WRITTEN:
            say(
                f"{writer.folder}: there is no artifact {name}, and no figure that needs it: "
                f"{outcome}"
            )


def _made(record: Record, name: str, path: str) -> str:
    """ "written", or why the hook gave no table that can be kept."""
    try:
        earlier = artifact_path(record.path, name)
        if earlier.is_file():
            delete(earlier)
        table = load_object(path)(record)
        if not isinstance(table, pd.DataFrame):
            return f"{path} must return a DataFrame, got a {type(table).__name__}"
        write_artifact(record.path, name, table)
    except (Exception, SystemExit) as error:  # whatever the project's code raises
        return told(error)
    return WRITTEN
