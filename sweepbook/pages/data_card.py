"""The data card of a manifest as sentences and tables; knows splits and labels, no data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sweepbook.aggregates.labels import number, setting_name
from sweepbook.pages.table import Table
from sweepbook.record.load import CONFIG, Record

_SPLITS = ("train", "validation", "test")
_MOST_ITEMS = 20  # of a list; the manifest has all


@dataclass(frozen=True)
class DataCard:
    """sha256 identifies it: records on equal data share one card on the page."""

    name: str
    sha256: str
    facts: list[tuple[str, str]]
    warnings: list[str]  # beside every result on this data
    notes: list[str]
    splits: Table
    tables: list[tuple[str, Table]]  # title and table
    balance: Table


def data_card(record: Record) -> DataCard:
    """What the manifest says about the data; whatever is absent is left out.

    Of the card, `warnings` and `notes` are lists of sentences; a mapping of mappings with the
    same keys becomes a table; any other entry becomes a fact.
    """
    data = record.manifest.data.described
    card = dict(data.get("card") or {})
    rows = card.pop("rows", None) or data.get("rows") or {}
    rows = rows if isinstance(rows, Mapping) else {}
    classes = card.pop("classes", None) or {}
    shares = card.pop("class_shares", None) or {}
    names = data.get("class_names") or {}
    warnings = [*_leak(card, rows), *map(str, card.pop("warnings", None) or [])]
    notes = [str(note) for note in card.pop("notes", None) or []]
    facts = [("Splits", _text(data.get("splits"))), ("Path", _text(data.get("path")))]
    kept = ", ".join(f"{split}: {number}" for split, number in kept_rows(record).items())
    facts += [("Rows kept", kept), *_known_facts(card, rows)]
    tables = [
        (setting_name(key).capitalize(), _nested(card.pop(key)))
        for key in [key for key, value in card.items() if _is_nested(value)]
    ]
    facts += [(setting_name(key).capitalize(), _plain(value)) for key, value in card.items()]
    return DataCard(
        name=record.data_name,
        sha256=_text(data.get("sha256")),
        facts=[fact for fact in facts if fact[1]],
        warnings=warnings,
        notes=notes,
        splits=_splits(rows, classes),
        tables=tables,
        balance=_balance(shares, names),
    )


def kept_rows(record: Record) -> dict[str, str]:
    """Split -> how many of its rows the trials keep: "20,000 of 73,580"; without those of all."""
    data, trials = record.manifest.data, record.trials
    found = {}
    for split, setting in data.kept_by.items():
        column, n_all = CONFIG + str(setting), data.rows.get(split)
        numbers = sorted(set(trials[column].dropna())) if column in trials else []
        if numbers and isinstance(n_all, int):
            most = n_all if trials[column].isna().any() else numbers[-1]
            span = [f"{int(n):,}" for n in dict.fromkeys((numbers[0], most))]
            found[str(split)] = f"{' to '.join(span)} of {n_all:,}"
    return found


def _known_facts(card: dict[str, Any], rows: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Facts of the card that need words of their own; they are taken out of it."""
    facts = []
    if isinstance(largest := card.pop("largest_class", None), Mapping):
        share = _percent(largest.get("share"))
        facts.append(("Largest class", f"{largest.get('name', largest.get('label'))}: {share}"))
    if (repeated := card.pop("repeated_train_rows", None)) is not None:
        of = _share_of(repeated, rows.get("train"))
        facts.append(("Repeated training rows", f"{repeated:,}{of} with an earlier row's inputs"))
    return facts


def _splits(rows: Mapping[str, Any], classes: Any) -> Table:
    """One row per split: its rows and its classes."""
    known = [split for split in _SPLITS if split in rows]
    known += [split for split in rows if split not in known]
    cells = [[s, _thousands(rows[s]), _thousands(_of(classes, s))] for s in map(str, known)]
    return Table(["split", "rows", "classes"], cells, frozenset({"rows", "classes"}))


def _leak(card: dict[str, Any], rows: Mapping[str, Any]) -> list[str]:
    """What is to be said of rows whose inputs stand on both sides of a split."""
    counts = {split: card.pop(f"{split}_rows_in_train", None) for split in ("validation", "test")}
    n_train = card.pop("train_rows_in_test", None)
    parts = [f"{n:,}{_share_of(n, rows.get(s))} {s} rows" for s, n in counts.items() if n]
    if not parts:
        return []
    others = ""
    if n_train:
        of = _share_of(n_train, rows.get("train"))
        others = f"; {n_train:,}{of} training rows have those of a test row"
    return [
        f"Leak: {' and '.join(parts)} have the inputs of a training row{others}. Only a training "
        "without such training rows shows whether they raise an accuracy."
    ]


def _is_nested(value: Any) -> bool:
    """Whether `value` holds mappings with the same keys, one of them at least."""
    if not isinstance(value, Mapping) or not value:
        return False
    inner = list(value.values())
    return all(isinstance(one, Mapping) and list(one) == list(inner[0]) for one in inner)


def _nested(value: Mapping[str, Mapping[str, Any]]) -> Table:
    """One row per entry, named in a first column without a heading."""
    names = [setting_name(str(name)) for name in next(iter(value.values()))]
    rows = [
        [setting_name(key), *(_cell(one) for one in row.values())] for key, row in value.items()
    ]
    cells = zip(*(list(row.values()) for row in value.values()), strict=True)
    numeric = [
        name
        for name, column in zip(names, cells, strict=True)
        if all(cell is None or isinstance(cell, int | float) for cell in column)
    ]
    return Table(["", *names], rows, frozenset(numeric))


def _cell(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return _thousands(value)
    return "–" if value is None else _plain(value)


def _balance(shares: Mapping[str, Any], names: Mapping[str, Any]) -> Table:
    splits = [split for split in _SPLITS if split in shares] + [
        str(split) for split in shares if split not in _SPLITS
    ]
    if not splits:
        return Table([], [])
    labels = sorted({label for split in splits for label in shares[split]}, key=_label_order)
    rows = [
        [str(label), str(names.get(label, "")), *(_percent(_of(shares[s], label)) for s in splits)]
        for label in labels
    ]
    return Table(["label", "class", *splits], rows, frozenset({"label", *splits}))


def _label_order(label: str) -> tuple[int, str]:
    return (int(label), "") if str(label).isdigit() else (10**9, str(label))


def _of(mapping: Any, key: str) -> Any:
    return mapping.get(key) if isinstance(mapping, Mapping) else mapping


def _share_of(part: Any, whole: Any) -> str:
    return f" of {whole:,} ({_percent(part / whole)})" if isinstance(whole, int) and whole else ""


def _percent(share: Any) -> str:
    return f"{100 * float(share):.1f} %" if isinstance(share, int | float) else "–"


def _thousands(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else _text(value) or "–"


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_plain(item)}" for key, item in value.items())
    if isinstance(value, list):
        if len(value) == 2 and all(isinstance(item, float) for item in value):
            return f"{number(value[0])} to {number(value[1])}"
        shown = [_plain(item) for item in value[:_MOST_ITEMS]]
        more = [f"and {len(value) - _MOST_ITEMS:,} more"] if len(value) > _MOST_ITEMS else []
        return ", ".join(shown + more) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(value) if isinstance(value, int | float) else _text(value)


def _text(value: Any) -> str:
    return "" if value is None else str(value)
