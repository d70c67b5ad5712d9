"""Which claims were declared before a record's training began, each known by a hash."""

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sweepbook.study.claim import Claim

BEFORE, AFTER = "before", "after"
_DECIDES_NOTHING = ("remedy", "title")


@dataclass(frozen=True, kw_only=True)
class Registration:
    """The claims that were declared before any trial that they are about had begun.

    Args:
        claims: name -> SHA-256 of everything that the claim says.
        commit: of the repository with the study's trainable, with "+changes" where files differ
            from it; None where there is none.
        at: when they were written down, before the training; None where nobody can say, because
            an earlier version made the record.
    """

    claims: Mapping[str, str]
    commit: str | None = None
    at: str | None = None

    @property
    def sha256(self) -> str:
        """One hash of all the claims."""
        return _sha256(dict(self.claims))

    def declared(self, claim: Claim) -> str | None:
        """Returns whether a claim was declared "before" or "after" the training began.

        None where nobody can say.
        """
        if self.claims.get(claim.name) != claim_sha256(claim):
            return AFTER
        return BEFORE if self.at else None


def claim_hashes(claims: Iterable[Claim]) -> dict[str, str]:
    """Returns name -> SHA-256 of some claims."""
    return {claim.name: claim_sha256(claim) for claim in claims}


def claim_sha256(claim: Claim) -> str:
    """Returns a hash of everything that a claim says.

    What is at its default is left out, so that the hash stays when claims get further fields; so
    is what decides nothing.
    """
    said = {
        field.name: value
        for field in dataclasses.fields(claim)
        if field.name not in _DECIDES_NOTHING
        and (value := _plain(getattr(claim, field.name))) != _plain(field.default)
    }
    return _sha256(said)


def _plain(value: Any) -> Any:
    """The value as a manifest gives it back."""
    if value is dataclasses.MISSING:
        return value
    return json.loads(json.dumps(value, default=str))


def _sha256(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
