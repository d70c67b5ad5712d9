"""The data card of a manifest as sentences and tables; knows splits and labels, no data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.labels import number, setting_name
from analysis.load import Record
from analysis.page import Table

_SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class DataCard:
    """sha256 identifies it: records on equal data share one card on the page."""

    name: str
    sha256: str
    facts: list[tuple[str, str]]
    leak: str
    splits: Table
    balance: Table


def data_card(record: Record) -> DataCard:
    """What the manifest says about the data; whatever is absent is left out."""
    data = record.manifest.get("data") or {}
    card = dict(data.get("card") or {})
    rows = card.pop("rows", None) or data.get("rows") or {}
    rows = rows if isinstance(rows, Mapping) else {}
    classes = card.pop("classes", None) or {}
    shares = card.pop("class_shares", None) or {}
    names = data.get("class_names") or {}
    leak = _leak(card, rows)
    facts = [("Splits", _text(data.get("splits"))), ("Path", _text(data.get("path")))]
    if isinstance(largest := card.pop("largest_class", None), Mapping):
        share = _percent(largest.get("share"))
        facts.append(("Largest class", f"{largest.get('name', largest.get('label'))}: {share}"))
    if (repeated := card.pop("repeated_train_rows", None)) is not None:
        of = _share_of(repeated, rows.get("train"))
        facts.append(("Repeated training rows", f"{repeated:,}{of} at an earlier row's place"))
    facts += [(setting_name(key).capitalize(), _plain(value)) for key, value in card.items()]
    known = [split for split in _SPLITS if split in rows]
    known += [split for split in rows if split not in known]
    splits = [[s, _thousands(rows[s]), _thousands(_of(classes, s))] for s in map(str, known)]
    return DataCard(
        name=record.data_name,
        sha256=_text(data.get("sha256")),
        facts=[fact for fact in facts if fact[1]],
        leak=leak,
        splits=Table(["split", "rows", "classes"], splits, frozenset({"rows", "classes"})),
        balance=_balance(shares, names),
    )


def _leak(card: dict[str, Any], rows: Mapping[str, Any]) -> str:
    counts = {split: card.pop(f"{split}_rows_in_train", None) for split in ("validation", "test")}
    parts = [f"{n:,}{_share_of(n, rows.get(s))} {s} rows" for s, n in counts.items() if n]
    if not parts:
        return ""
    return (
        f"Leak: {' and '.join(parts)} have the inputs of a training row. Columns marked (clean) "
        "leave such test rows out."
    )


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
        return ", ".join(_plain(item) for item in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(value) if isinstance(value, int | float) else _text(value)


def _text(value: Any) -> str:
    return "" if value is None else str(value)
