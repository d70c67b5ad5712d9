"""Claims that a study's file has by now, where the record goes on with its own."""

import sys

from sweepbook.record.load import Record
from sweepbook.record.registration import claim_hashes, claim_sha256
from sweepbook.study.forms.trainable import module_of
from sweepbook.study.study import Study
from sweepbook.study.texts import count


def other_claims(record: Record) -> str:
    """Returns a line about the claims that the trainable's file declares and the record does not.

    "" where there are none, or the study is declared elsewhere.
    """
    study = record.manifest.study
    name = module_of(study.trainable)
    if name is None:
        return ""
    module = sys.modules[name]
    declared = [one for one in vars(module).values() if isinstance(one, Study)]
    known = claim_hashes(study.claims).values()
    claims = [claim for one in declared if one.name == study.name for claim in one.claims]
    new = list(dict.fromkeys(c.name for c in claims if claim_sha256(c) not in known))
    if not new:
        return ""
    it = "it" if len(new) == 1 else "them"
    return (
        f"{module.__file__} declares {count(len(new), 'claim')} that {record.path} does not: "
        f"{', '.join(new)}. To judge {it}: sweepbook report {record.path} --claims "
        f"{module.__file__}"
    )
