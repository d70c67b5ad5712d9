"""Claims that a record does not declare, checked and added to it for its report alone."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from sweepbook.checks.recorded import check_recorded
from sweepbook.plan.asked import ask_claims
from sweepbook.plan.studies import load_studies
from sweepbook.record.load import Record
from sweepbook.record.registration import Registration, claim_hashes, claim_sha256
from sweepbook.study.claim import Claim
from sweepbook.study.project import Project
from sweepbook.study.study import Study
from sweepbook.study.texts import count

R = TypeVar("R", bound=Record)
CONFIRMED = "-confirm"  # how the study of a search's winners ends


def with_claims_of(
    records: Sequence[Record],
    spelt: str,
    project: Project | None,
    say: Callable[[str], object] = lambda text: None,
) -> list[Record]:
    """Returns the records, each with the claims and the answers of the study of its name.

    Args:
        spelt: a study file, my_study.py[:NAME], or the name of a study of the project.
        say: is told which claims are judged that a record does not declare.

    Raises:
        ValueError: there is no such study, none of them is a record's, or a claim does not fit
            the record.
    """
    studies = {study.name: study for study in load_studies([spelt], project)}
    found, n_fitting = [], 0
    for record in records:
        claims = _claims_for(record, studies)
        n_fitting += claims is not None
        if claims is not None:
            record = _with_words(with_claims(record, claims, say), studies.get(record.study))
        found.append(record)
    if not n_fitting:
        names = ", ".join(sorted({record.study for record in records}))
        raise ValueError(
            f"--claims {spelt} declares {', '.join(studies)}, but no record is of such a study: "
            f"the records are of {names}"
        )
    return found


def with_claims(
    record: R, claims: Sequence[Claim], say: Callable[[str], object] = lambda text: None
) -> R:
    """Returns a record with further claims, which count as declared after its training began.

    What the record declares stays. A claim that differs from one of the same name in the record
    gets "-changed" behind its name. The folder of the record is not changed.

    Raises:
        ValueError: a claim does not fit the record's trials, steps or columns.
    """
    manifest = record.manifest
    known_claims = manifest.study.claims
    known = claim_hashes(known_claims)
    new = [claim for claim in claims if claim_sha256(claim) not in known.values()]
    check_recorded(record, new)
    changed = [claim.name for claim in new if claim.name in known]
    names = {*known, *(claim.name for claim in new if claim.name not in known)}
    further = []
    for claim in new:
        name = _free(claim.name, names) if claim.name in known else claim.name
        names.add(name)
        further.append(replace(claim, name=name))
    _tell(record, further, changed, say)
    registration = manifest.registration or Registration(claims=known)
    as_said = {claim_sha256(claim): claim for claim in claims}
    own = [_with_its_words(claim, as_said.get(claim_sha256(claim))) for claim in known_claims]
    study = replace(manifest.study, claims=(*own, *further))
    return replace(record, manifest=replace(manifest, study=study, registration=registration))


def _with_its_words(claim: Claim, now: Claim | None) -> Claim:
    """A recorded claim with the remedy and the title that it has now, which decide nothing."""
    if now is None:
        return claim
    return replace(claim, remedy=now.remedy or claim.remedy, title=now.title or claim.title)


def _with_words(record: R, study: Study | None) -> R:
    """The record with the words of a study, which decide nothing: its answers, if it has any, and
    what its published data are."""
    if study is None:
        return record
    own = record.manifest.study
    published = own.published
    if published and study.published and published.source == study.published.source:
        published = replace(published, about=study.published.about or published.about)
    told = replace(own, answers=study.answers or own.answers, published=published)
    return replace(record, manifest=replace(record.manifest, study=told))


def _claims_for(record: Record, studies: dict[str, Study]) -> Sequence[Claim] | None:
    """The claims of the record's study; None where the study is not among these."""
    manifest = record.manifest
    if record.study in studies:
        study = studies[record.study]
        configs = [trial.config for trial in manifest.trials]
        return [*study.claims, *ask_claims(study, configs, dict(manifest.files))]
    search = studies.get(record.study.removesuffix(CONFIRMED)) if manifest.confirms else None
    return search.search.confirm_claims if search is not None and search.search else None


def _free(name: str, names: set[str]) -> str:
    """The name of a changed claim, beside that of the one that it was."""
    found, n = f"{name}-changed", 2
    while found in names:
        found, n = f"{name}-changed-{n}", n + 1
    return found


def _tell(
    record: Record, new: Sequence[Claim], changed: Sequence[str], say: Callable[[str], object]
) -> None:
    if not new:
        say(f"{record.path} declares all of these claims itself")
        return
    are = "is" if len(new) == 1 else "are"
    names = ", ".join(claim.name for claim in new)
    text = f"{record.path}: {count(len(new), 'claim')} {are} judged as declared after the "
    text += f"training began: {names}"
    if changed:
        text += f". The record's own {', '.join(changed)} said something else, and "
        text += "is judged, too" if len(changed) == 1 else "are judged, too"
    say(text)
