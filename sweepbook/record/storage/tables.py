"""A record's parquet files as tables, checked when they are read."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sweepbook.record.schema.tables import Column, check_size, checked
from sweepbook.record.storage.places import Place


def read_table(path: Place, known: Mapping[str, Column] | None = None) -> pa.Table:
    """Returns the table of a parquet file.

    Args:
        known: what the known columns must hold; the others then must hold plain values. None:
            any table will do, as of a hook.

    Raises:
        FileNotFoundError: it is not there (any more).
        ValueError: it cannot be read as parquet, would take more memory than any table of a
            study, or has a column that no record has; the path and the column are named.
        OSError: a store cannot be reached.
    """
    try:
        # Opened once: given a path, pyarrow opens it twice, and its writer may replace it between.
        with pa.OSFile(path.path) if path.is_local else pa.BufferReader(path.read_bytes()) as file:
            opened = pq.ParquetFile(file)
            said = opened.metadata
            groups = (said.row_group(at).total_byte_size for at in range(said.num_row_groups))
            check_size(said.num_rows, said.num_columns, sum(groups))
            table = opened.read()
        return table if known is None else checked(table, known)
    except FileNotFoundError:
        raise
    except (OSError, pa.ArrowException, MemoryError, OverflowError, RecursionError) as error:
        raise unreadable(path, "parquet", error) from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def to_pandas(table: pa.Table, path: Place) -> pd.DataFrame:
    """Returns a table as a frame, its columns in their order; no index is made of one.

    Raises:
        ValueError: pandas cannot hold a value; the path is named.
    """
    try:
        frame: pd.DataFrame = table.replace_schema_metadata(None).to_pandas()
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise unreadable(path, "a table", error) from error
    return frame


def unreadable(path: Place, form: str, error: BaseException) -> Exception:
    """Returns what to raise for a damaged file; a store that is away stays an OSError."""
    if isinstance(error, OSError) and not path.is_local:
        return OSError(f"{path}: {error}")
    return ValueError(f"{path}: cannot be read as {form}: {error}")
