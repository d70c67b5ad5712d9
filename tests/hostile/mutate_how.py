"""Mutations of a record: of its manifest, its tables, its parts, its checkpoints, its folder.

A mutation is a plain value, which Hypothesis draws and prints, and `apply` carries it out.
"""

import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

Mutation = tuple[Any, ...]
TABLES = ("reports.parquet", "trials.parquet", "predictions.parquet", "parts/00000.parquet")
ODD: list[Any] = [
    None, True, False, 0, 1, -1, 2, 10**9, 2**31, 2**63, 2**64, 10**30, 0.5, -0.0, 1e308,
    float("nan"), float("inf"), -float("inf"), "", "x", "val_acc", "../x", "/etc/passwd", "a\0b",
    "os:system", "x" * 5000, "\ud800", "\u202e", "NaN", "1", "2026-13-45", "{{ 7 * 7 }}",
    [], {}, [[]], {"": None}, [None], ["x"], [1, "x"], {"a": 1}, {"trial_id": "x"},
]  # fmt: skip
DEEP = 3000
odd = st.sampled_from(ODD) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
place = st.integers(0, 10**6)
CELLS: list[Any] = [
    None, 0, -1, 1, 7, 10**9, 2**62, 0.5, -0.0, float("nan"), float("inf"), "", "x", "../x",
    "a\0b", b"\xff\xfe", True, [1.0], [], [[1]], {"a": 1}, "pending", "finished", "failed", "0",
    "1e400",
]  # fmt: skip
KINDS = [
    "dictionary", "list", "decimal", "timestamp", "bool", "string", "binary", "date", "null",
    "int8", "uint64", "float16", "float64", "large_string", "struct", "spoilt",
]  # fmt: skip
FILES = (*TABLES, "manifest.json", "artifacts/grid.parquet", "checkpoints", "parts", "logs",
         "artifacts", "CHECKPOINT", "LOG")  # fmt: skip
HOW = ("delete", "empty", "half", "pipe", "folder", "link out", "link in", "circle", "flip",
       "bytes", "double", "dangling")  # fmt: skip
STATES = ("int", "no state", "no fidelity", "text", "nested", "bomb", "shape", "class", "set")

mutations = st.one_of(
    st.tuples(st.just("manifest"), st.just("set"), place, odd),
    st.tuples(st.just("manifest"), st.sampled_from(["delete", "rename", "wrap", "deep", "double"]),
              place),
    st.tuples(st.just("table"), st.sampled_from(TABLES), st.just("cell"), place,
              st.sampled_from(CELLS), st.booleans()),
    st.tuples(st.just("table"), st.sampled_from(TABLES), st.just("kind"), place,
              st.sampled_from(KINDS)),
    st.tuples(st.just("table"), st.sampled_from(TABLES),
              st.sampled_from(["drop", "double column", "rename", "no rows", "double rows",
                               "reverse", "no columns", "swap"]), place),
    st.tuples(st.just("file"), st.sampled_from(FILES), st.sampled_from(HOW), place),
    st.tuples(st.just("state"), st.sampled_from(STATES)),
)  # fmt: skip


def apply(record: Path, mutation: Mutation) -> None:
    """Carries a mutation out; one that finds nothing to change any more does nothing."""
    kind, *rest = mutation
    by = {"manifest": _manifest, "table": _table, "file": _file, "state": _state}[kind]
    by(record, *rest)


def _manifest(record: Path, how: str, at: int, value: Any = None) -> None:
    path = record / "manifest.json"
    if not path.is_file() or path.is_symlink():
        return
    try:
        content = json.loads(path.read_text())
    except (ValueError, RecursionError):
        return
    spots = list(_spots(content))
    if not spots:
        return
    target, key = spots[at % len(spots)]
    if how == "delete":
        del target[key]
    elif how == "rename":
        if isinstance(target, dict):
            target["later"] = target.pop(key)
    elif how == "wrap":
        target[key] = [target[key]]
    elif how == "set":
        target[key] = value
    text = json.dumps(content)
    if how == "deep":
        target[key] = "DEEP"
        text = json.dumps(content).replace('"DEEP"', "[" * DEEP + "]" * DEEP)
    elif how == "double":
        text = text.replace("{", '{"seed": 0, "seed": 1, ', 1)
    path.write_text(text)


def _spots(value: Any) -> Any:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in list(inner):
        yield value, key
        if isinstance(one, dict | list):
            yield from _spots(one)


def _table(record: Path, name: str, how: str, at: int, value: Any = None, all_rows: bool = True):
    path = record / name
    try:
        table = pq.read_table(path) if path.is_file() else None
        changed = None if table is None else _changed(table, how, at, value, all_rows)
        file = pa.BufferOutputStream()
        pq.write_table(changed if changed is not None else pa.table({}), file)
    except (pa.ArrowException, OSError, TypeError, ValueError, OverflowError):
        return  # parquet cannot hold it
    if changed is not None:
        path.write_bytes(file.getvalue().to_pybytes())


def _changed(table: pa.Table, how: str, at: int, value: Any, all_rows: bool) -> pa.Table | None:
    names = table.column_names
    if not names:
        return None
    column = at % len(names)
    if how == "cell":
        cells = table.column(column).to_pylist()
        rows = range(len(cells)) if all_rows else [at % len(cells)] if cells else []
        for row in rows:
            cells[row] = value
        return table.set_column(column, names[column], pa.array(cells))
    if how == "kind":
        return table.set_column(column, names[column], _of_kind(table.column(column), value))
    if how == "swap":
        other = (column + 1) % len(names)
        return table.rename_columns(
            [names[{column: other, other: column}.get(i, i)] for i in range(len(names))]
        )
    by: dict[str, Callable[[], pa.Table]] = {
        "drop": lambda: table.remove_column(column),
        "double column": lambda: table.append_column(names[column], table.column(column)),
        "rename": lambda: table.rename_columns(
            [f"{n}\0" if i == column else n for i, n in enumerate(names)]
        ),
        "no rows": lambda: table.slice(0, 0),
        "double rows": lambda: pa.concat_tables([table, table]),
        "reverse": lambda: table.take(list(range(table.num_rows))[::-1]),
        "no columns": lambda: table.select([]),
    }
    return by[how]()


def _of_kind(column: pa.ChunkedArray, kind: str) -> pa.Array | pa.ChunkedArray:
    n = len(column)
    if kind == "dictionary":
        return column.combine_chunks().dictionary_encode()
    if kind == "spoilt":
        raw = pa.array([b"\xff\xfe"] * n, pa.binary())
        return pa.Array.from_buffers(pa.string(), n, raw.buffers())
    made = {
        "list": pa.list_(pa.int64()), "decimal": pa.decimal128(20, 3),
        "timestamp": pa.timestamp("ns", "Europe/Berlin"), "struct": pa.struct({"a": pa.int64()}),
        "date": pa.date32(), "null": pa.null(), "binary": pa.binary(), "bool": pa.bool_(),
    }  # fmt: skip
    if kind in made:
        return pa.nulls(n, made[kind]) if kind in ("list", "struct", "null") else (
            pa.array([b"x" if kind == "binary" else i % 2 for i in range(n)], made[kind])
        )  # fmt: skip
    target = {"int8": pa.int8(), "uint64": pa.uint64(), "float16": pa.float16(),
              "float64": pa.float64(), "string": pa.string(),
              "large_string": pa.large_string()}[kind]  # fmt: skip
    return column.cast(target, safe=False)


def _file(record: Path, name: str, how: str, at: int) -> None:
    if name in ("CHECKPOINT", "LOG"):
        folder = record / {"CHECKPOINT": "checkpoints", "LOG": "logs"}[name]
        found = sorted(folder.glob("*")) if folder.is_dir() else []
        if not found:
            return
        path = found[0]
    else:
        path = record / name
    if not os.path.lexists(path):
        return
    is_file = path.is_file() and not path.is_symlink()
    content = path.read_bytes() if is_file else b""
    there = record.parent / "outside"
    if how not in ("flip", "half", "double", "bytes", "empty"):
        shutil.rmtree(there, ignore_errors=True)
        there.unlink(missing_ok=True)
    if how in ("flip", "half", "double", "bytes", "empty"):
        if is_file:
            path.write_bytes(_spoilt(content, how, at))
        return
    if path.is_dir() and not path.is_symlink():
        shutil.move(path, there)
    else:
        path.unlink()
        there.write_bytes(content)
    if how == "pipe":
        os.mkfifo(path)
    elif how == "folder":
        path.mkdir()
    elif how == "link out":
        path.symlink_to(there)
    elif how == "link in":
        path.symlink_to(record / "manifest.json")
    elif how == "circle":
        path.symlink_to(path)
    elif how == "dangling":
        path.symlink_to(record / "nothing")


def _spoilt(content: bytes, how: str, at: int) -> bytes:
    if how == "half":
        return content[: len(content) // 2]
    if how == "double":
        return content * 2
    if how == "bytes":
        return bytes((at * i) % 256 for i in range(300))
    if how == "empty" or not content:
        return b""
    spot = at % len(content)
    return content[:spot] + bytes([content[spot] ^ (1 + at % 255)]) + content[spot + 1 :]


class _Foreign:
    def __reduce__(self) -> Any:
        return os.system, ("touch /tmp/sweepbook-code-was-run",)


def _state(record: Path, how: str) -> None:
    files = sorted((record / "checkpoints").glob("*")) if (record / "checkpoints").is_dir() else []
    bomb: Any = [0] * 10
    for _ in range(12):
        bomb = [bomb] * 10
    nested: Any = []
    for _ in range(500):
        nested = [nested]
    header = b"\x93NUMPY\x01\x00v\x00" + (
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }".ljust(117) + b"\n"
    )
    made: dict[str, Any] = {
        "int": 3, "no state": {"fidelity": 6}, "no fidelity": {"state": 1},
        "text": {"fidelity": "6", "state": 1}, "nested": {"fidelity": 6, "state": nested},
        "bomb": {"fidelity": 6, "state": bomb}, "class": {"fidelity": 6, "state": _Foreign()},
        "set": {1, 2},
        "shape": {"fidelity": 6, "state": "m:0", "numpy": {"m:0": (False, header)}},
    }  # fmt: skip
    for file in files:
        if file.is_file():
            file.write_bytes(pickle.dumps(made[how], 5))
