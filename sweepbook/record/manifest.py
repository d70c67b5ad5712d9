"""A record's manifest as a typed value: what was asked, and all that its numbers depend on."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sweepbook.record.origin.decision import Decision
from sweepbook.record.origin.derived import Confirms, Extends, Winner
from sweepbook.record.planned import SearchPlan, Trial
from sweepbook.record.provenance import now
from sweepbook.record.registration import Registration
from sweepbook.record.schema.kept import Kept, unknown, with_kept
from sweepbook.record.schema.limits import Replicates, Seed, Share, Status, Steps, TrialId
from sweepbook.record.schema.shapes import (
    OTHERS,
    Choices,
    Count,
    Described,
    Interval,
    Resumed,
    Session,
)
from sweepbook.record.schema.typed import check
from sweepbook.study.claim import Claim
from sweepbook.study.forms.trainable import trainable_of
from sweepbook.study.read import built, study_of
from sweepbook.study.study import Study

SCHEMA_VERSION = 1
OVERLAPPING = (  # what is said of intervals over replicates that share training rows
    "the replicates share training rows, which their intervals allow for (corrected resampled t "
    "test, Nadeau and Bengio 2003)"
)
UNNAMED = "of the trainable"  # what a plan calls data that no hook describes
NOT_DESCRIBED = "not described"  # and a reader
ENDED = ("complete", "failed", "interrupted")  # statuses of a record that nobody writes any more


@dataclass(frozen=True)
class Data:
    """The data set as the study's `data` hook described it.

    Args:
        described: what the hook returned; the properties below are the keys that the tool reads.
    """

    described: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The data set's name, for example "digits"; "not described" where it has none."""
        name = self.described.get("name")
        return str(name) if name and name != UNNAMED else NOT_DESCRIBED

    @property
    def path(self) -> str | None:
        """The folder that it was read from; None for data that come with the trainable."""
        return self.described.get("path")

    @property
    def sha256(self) -> str | None:
        """A hash of its content; None where nobody can say whether two are the same."""
        return self.described.get("sha256")

    @property
    def rows(self) -> Mapping[str, Any]:
        """How many rows each split has."""
        found = self.described.get("rows")
        return found if isinstance(found, Mapping) else {}

    @property
    def kept_by(self) -> Mapping[str, str]:
        """Split -> the setting that says on how many of its rows a trial is trained."""
        found = self.described.get("kept_by")
        return found if isinstance(found, Mapping) else {}

    @property
    def splits(self) -> str:
        """ "given", "one per replicate" or another phrase; "" where it is not said."""
        return str(self.described.get("splits") or "")

    @property
    def is_paired(self) -> bool:
        """Whether replicate r has the same split and seeds in every trial."""
        return bool(self.described.get("paired", False))

    @property
    def overlap(self) -> float:
        """n_test / n_train of replicates that share training rows, as folds do; else 0."""
        return float(self.described.get("overlap") or 0.0)

    @property
    def class_names(self) -> Mapping[str, str]:
        """Label, as text, -> name of the class."""
        return self.described.get("class_names") or {}

    @property
    def card(self) -> Mapping[str, Any]:
        """Further facts for the report's data card."""
        return self.described.get("card") or {}

    @property
    def test_groups(self) -> Mapping[str, Any] | None:
        """What groups the test rows (`name`), and the group of each by row_id (`of`), or None."""
        return self.described.get("test_groups")


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """All that a record says of itself beside its tables.

    Args:
        study: as planned: with its scheduler's limits and the claims that the command brought.
        n_replicates: of a trial, unless it is one of a single replicate.
        scale: factor of every trial's fidelity, or None.
        overrides: settings that the command line changed.
        replaced: setting -> the declared values that it changed; None: in an earlier version.
        files: path -> SHA-256 of every file that a setting names.
        import_paths: folders that a worker needs on its path.
        max_concurrent, retries (option -> number): as the last command said, if it did.
        status: "running" or one of `ENDED`.
        n_trials: how many trials ended how, once it has ended.
        sessions: one summary for each driver that trained.
        decide: how replicates are added until the claims are decided.
        registration: the claims that were declared before the training began, if known.
        taken: trial_id -> the record that the trial was taken from.
        project: name of the project that its trainable is of; None outside any.
        artifacts: name -> "written", or why its hook gave no table.
        further: keys that this version does not know; they are kept.
        kept: keys within its objects that this version does not know; they are kept, too.
    """

    study: Study
    command: tuple[str, ...] = ()
    seed: Seed = 0
    n_replicates: Replicates = 1
    scale: Share | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    replaced: Mapping[str, Any] | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    git_commit: str | None = None
    code_sha256: str | None = None
    data: Data = field(default_factory=lambda: Data({}))
    files: Mapping[str, str] = field(default_factory=dict)
    started: str | None = None
    ended: str | None = None
    import_paths: tuple[str, ...] = ()
    trials: tuple[Trial, ...] = ()
    search: SearchPlan | None = None
    confirms: Confirms | None = None
    extends: Extends | None = None
    decide: Decision | None = None
    registration: Registration | None = None
    taken: Mapping[TrialId, str] = field(default_factory=dict)
    resumed: tuple[Mapping[str, Any], ...] = ()
    sessions: tuple[Mapping[str, Any], ...] = ()
    status: Status | None = None
    n_trials: Mapping[str, Count] = field(default_factory=dict)
    record_digest: str | None = None
    project: str | None = None
    max_concurrent: Steps | None = None
    retries: Mapping[str, Count] = field(default_factory=dict)
    artifacts: Mapping[str, str] = field(default_factory=dict)
    further: Mapping[str, Any] = field(default_factory=dict)
    kept: Kept = ()

    @property
    def has_ended(self) -> bool:
        """Whether no driver writes the record any more."""
        return self.status in ENDED

    @property
    def is_scaled(self) -> bool:
        """Whether the command scaled the fidelity of the trials."""
        return self.scale not in (None, 1, 1.0)

    def declared(self, claim: Claim) -> str | None:
        """Returns whether a claim was declared "before" or "after" the training began.

        None where nobody can say, and of questions that are no claim of the study's.
        """
        if self.registration is None or claim not in self.study.claims:
            return None
        return self.registration.declared(claim)

    def begun_anew(self, **changes: Any) -> "Manifest":
        """Returns the manifest of a new record: without what happened to this one alone.

        Args:
            changes: fields, as of `dataclasses.replace`.
        """
        own: dict[str, Any] = {"started": now(), "ended": None, "sessions": (), "resumed": ()}
        own |= {"taken": {}, "artifacts": {}, "record_digest": None, "n_trials": {}}
        return dataclasses.replace(self, **{**own, **changes})

    def as_json(self) -> dict[str, Any]:
        """Returns the content of manifest.json: plain values in their usual order."""
        content: dict[str, Any] = {"schema_version": SCHEMA_VERSION}
        for part in dataclasses.fields(self):
            value = getattr(self, part.name)
            if part.name in _NO_KEYS or (part.name in _LATER and not value):
                continue
            content[part.name] = _plain(value)
        return with_kept(content | dict(self.further), self.kept)


_NO_KEYS = ("further", "kept")  # fields that are no keys of a manifest.json
_LATER = (  # written only where there is something to say
    *("confirms", "extends", "decide", "registration", "taken", "resumed", "sessions", "status"),
    *("n_trials", "record_digest", "project", "max_concurrent", "artifacts", "retries"),
)


_OTHERS: dict[tuple[type, str], Any] = {
    **OTHERS,
    (Manifest, "data"): Described | None,
    (SearchPlan, "space"): Mapping[str, Interval | Choices],
    (Manifest, "sessions"): Sequence[Session],
    (Manifest, "resumed"): Sequence[Resumed],
    **{(Manifest, name): Any for name in _NO_KEYS},
}


def manifest_of(content: Any) -> Manifest:
    """Returns the manifest that the content of a manifest.json says.

    Keys that an earlier version did not write take their defaults.

    Raises:
        ValueError: no object, another schema version, or a key whose value is not of the type or
            in the range that it must have; the key is named.
    """
    version = content.get("schema_version") if isinstance(content, dict) else None
    if type(version) is not int or version != SCHEMA_VERSION:
        raise ValueError(
            f"schema_version must be {SCHEMA_VERSION}, got {version!r:.60}: another version of "
            "sweepbook wrote this record"
        )
    check(content, Manifest, "", _OTHERS)
    try:
        manifest = _typed(content)
    except (TypeError, AttributeError, KeyError, OverflowError) as error:
        raise ValueError(f"a value is missing or of the wrong type: {error}") from error
    ids = [trial.trial_id for trial in manifest.trials]
    if len(set(ids)) < len(ids):
        twice = next(trial_id for trial_id in ids if ids.count(trial_id) > 1)
        raise ValueError(f"trials has the trial_id {twice} twice")
    return manifest


def _typed(content: Mapping[str, Any]) -> Manifest:
    names = {part.name for part in dataclasses.fields(Manifest)} - {*_NO_KEYS}
    known = {key: value for key, value in content.items() if key in names}
    typed = {
        "study": study_of(content["study"]),
        "data": Data(content.get("data") or {}),
        "trials": tuple(map(_trial, content.get("trials") or ())),
        "search": built(SearchPlan, it) if (it := content.get("search")) else None,
        "confirms": _confirms(it) if (it := content.get("confirms")) else None,
        "extends": built(Extends, _tuples(it)) if (it := content.get("extends")) else None,
        "decide": built(Decision, _tuples(it)) if (it := content.get("decide")) else None,
        "registration": built(Registration, it) if (it := content.get("registration")) else None,
        "further": {k: v for k, v in content.items() if k not in {*names, "schema_version"}},
        "kept": unknown(content, Manifest, _OTHERS),
    }
    return built(Manifest, {**_tuples(known), **typed})


def _trial(content: Mapping[str, Any]) -> Trial:
    batches = tuple((int(first), int(end)) for first, end in content.get("batches") or ())
    trainable = trainable_of(content.get("trainable"))
    return built(Trial, {**content, "trainable": trainable, "batches": batches})


def _confirms(content: Mapping[str, Any]) -> Confirms:
    winners = tuple(built(Winner, winner) for winner in content.get("trials") or ())
    return built(Confirms, {**_tuples(content), "trials": winners})


def _tuples(content: Mapping[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in content.items()}


def _plain(value: Any) -> Any:
    """A value as JSON keeps it."""
    if isinstance(value, Data):
        return dict(value.described)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return dict(value) if isinstance(value, Mapping) else value
