"""Winners trained anew with fresh seeds: what was chosen is not what judges."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from rich.console import Console

from sweepbook.commands.run import run_studies
from sweepbook.commands.training import Endings
from sweepbook.plan.further.confirmation import confirming_study
from sweepbook.plan.manifest import check_unchanged
from sweepbook.plan.options import Options
from sweepbook.plan.trust.code import take_code
from sweepbook.record.digest import check_digest
from sweepbook.record.load import Record, load_record
from sweepbook.record.origin.derived import Winner
from sweepbook.record.storage.places import Place, Where, place
from sweepbook.tune.console import say
from sweepbook.tune.placement import HERE, Placement


def confirm(
    where: Where,
    *,
    by: Sequence[str] | None,
    replicates: int | None,
    seed: int,
    top: int = 1,
    epochs: int | None = None,
    storage: str | None = None,
    name: str | None = None,
    placement: Placement = HERE,
    force: bool = False,
    trust: bool = False,
    console: Console,
) -> Endings:
    """Trains the best configs of each combination of some settings, as a grid study of its own.

    Args:
        where: the record of a search or of a grid.
        by: the settings whose combinations are compared; None: those of a search's cells, and
            none of a grid, of which the best of all trials is trained.
        replicates: seeds per winner; None: 5, or those of the study if it has an Estimator.
        seed: of the new study; other than the record's.
        top: configs of each combination, the best first.
        epochs: length of every trial; None: as in the record.
        storage: None: beside the record.
        trust: also take its code from outside of the folder or the project that one works in.

    Raises:
        ValueError: an unknown setting, the record's own seed, nothing to choose from, tables that
            have not their digest, or code that may not be run.
    """
    folder = place(where)
    record = load_record(folder)
    check_digest(record)
    own = record.manifest.study.search
    figures = own.confirm_figures if own else ()
    say(console, take_code(folder, record.manifest, trust=trust, figures=figures))
    check_unchanged(folder, record.manifest, force)
    study, confirms = confirming_study(record, by, replicates, seed, top)
    for winner in confirms.trials:
        say(console, _line(winner, record))
    search = record.manifest.study.search
    if search and search.confirm_claims and not study.claims:
        say(
            console,
            "the claims of the confirmation are not decided: they are of one winner for each "
            "cell of the search, so leave --by and --top out to decide them",
        )
    return run_studies(
        [study],
        Options(epochs=epochs),
        storage=storage or str(_beside(folder)),
        name=name,
        placement=placement,
        console=console,
        confirms=confirms,
    )


def _beside(folder: Place) -> Place:
    """The folder that a record lies in, as it was given where that can be said."""
    is_plain = PurePosixPath(folder.path).name not in ("", "..")
    return folder.parent if is_plain else folder.resolve().parent


def _line(winner: Winner, record: Record) -> str:
    settings = ", ".join(f"{k}={v}" for k, v in winner.settings.items()) or "best of all trials"
    value = f"{record.metric} {winner.value:.4g} at {record.unit} {winner.fidelity}"
    return f"{settings}: trial {winner.number}, {value}"
