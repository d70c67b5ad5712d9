"""What a run left out or changed: said once, on the first screen."""

from __future__ import annotations

from collections.abc import Sequence

from sweepbook.aggregates.labels import listing, number, setting_name, setting_value
from sweepbook.aggregates.published import published_of
from sweepbook.pages.data_card import kept_rows
from sweepbook.pages.studies.provenance import digest_of, warnings
from sweepbook.record.digest import changed_tables
from sweepbook.record.load import Record


def reduced(records: Sequence[Record]) -> list[str]:
    """Sentences on what these records have less, or otherwise, than their studies declare."""
    found = [*_scaled(records), *_sampled(records), *_changed(records), *_other_data(records)]
    troubles = [(text, record) for record in records for text in warnings(record)]
    return [*found, *(f"{_of([record], records)}: {text}" for text, record in troubles)]


def edited(records: Sequence[Record]) -> list[str]:
    """Sentences on records whose tables are not those of which they have their digest."""
    found = [changed_tables(record, digest_of(record)) for record in records]
    return [f"{text}." for text in found if text]


def _of(some: Sequence[Record], records: Sequence[Record]) -> str:
    """Which of the records these are, in words: by the study's name, or the record's."""
    studies = [record.study for record in records]
    is_twice = len(set(studies)) < len(studies)
    what = ("record", "records") if is_twice else ("study", "studies")
    if len(some) == len(records):
        counted = {1: "This study", 2: f"Both {what[1]}"}
        return counted.get(len(some), f"All {len(some)} {what[1]}")
    names = [record.name if is_twice else record.study for record in some]
    return f"{what[len(some) > 1].capitalize()} {listing(names, most=9)}"


def _scaled(records: Sequence[Record]) -> list[str]:
    scales = {float(r.manifest.scale or 1) for r in records if r.manifest.is_scaled}
    found = []
    for scale in sorted(scales):
        some = [
            r for r in records if r.manifest.is_scaled and float(r.manifest.scale or 1) == scale
        ]
        share = number(scale, 3) + (" of" if scale < 1 else " times")
        units = listing(list(dict.fromkeys(f"{record.unit}s" for record in some)))
        found.append(f"{_of(some, records)} had {share} the declared {units}.")
    return found


def _sampled(records: Sequence[Record]) -> list[str]:
    """Of which split the trials keep only some rows."""
    said: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        for kept in kept_rows(record).items():
            said.setdefault(kept, []).append(record)
    return [
        f"{_of(some, records)} kept {numbers} {split} rows."
        for (split, numbers), some in said.items()
    ]


def _changed(records: Sequence[Record]) -> list[str]:
    """The settings that the command line gave, with the studies that they hold for."""
    said: dict[str, list[Record]] = {}
    for record in records:
        said_so, replaced = record.manifest.data.kept_by.values(), record.manifest.replaced
        for key, value in record.manifest.overrides.items():
            is_same = replaced is not None and key not in replaced
            if value is not None and key not in said_so and not is_same:
                declared = (replaced or {}).get(key, ())
                said.setdefault(_setting(key, value, declared), []).append(record)
    groups: dict[tuple[str, ...], list[str]] = {}
    for text, some in said.items():
        groups.setdefault(tuple(r.study for r in some), []).append(text)
    found = []
    for texts in groups.values():
        some = said[texts[0]]
        found.append(f"{_of(some, records)} ran with {listing(texts, most=9)}.")
    return found


def _setting(key: str, value: object, declared: Sequence[object]) -> str:
    """ "size 64 (declared: 224)": what a command gave, and what it took the place of."""
    instead = f" (declared: {listing(list(map(_value, declared)), most=3)})" if declared else ""
    return f"{setting_name(key)} {_value(value)}{instead}"


def _value(value: object) -> str:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return f"{value:,}" if is_whole else setting_value(value)


def _other_data(records: Sequence[Record]) -> list[str]:
    """How the data differ from those of the published values, once for each pair."""
    found: dict[str, list[Record]] = {}
    for record in records:
        published = published_of(record)
        if published is None or published.data == record.data_name:
            continue
        rows = _rows(record)
        own = f"The data are {record.data_name}{f' ({rows})' if rows else ''}"
        text = f"{own}, not the published ones. {published.about}".strip()
        found.setdefault(text, []).append(record)
    return list(found)


def _rows(record: Record) -> str:
    rows = {k: v for k, v in record.manifest.data.rows.items() if isinstance(v, int)}
    return listing([f"{n:,} {split}" for split, n in rows.items()]) + " rows" if rows else ""
