"""A search's winners trained anew with fresh seeds: what was chosen is not what judges."""

from collections.abc import Sequence

from rich.console import Console

from sweepbook.commands.run import run_studies
from sweepbook.commands.training import Endings
from sweepbook.plan.confirmation import confirming_study
from sweepbook.plan.manifest import check_unchanged
from sweepbook.plan.options import Options
from sweepbook.record.load import Record, load_record
from sweepbook.record.manifest import Winner
from sweepbook.record.storage.places import Where, place
from sweepbook.tune.console import say
from sweepbook.tune.placement import HERE, Placement


def confirm(
    where: Where,
    *,
    by: Sequence[str] | None,
    replicates: int,
    seed: int,
    epochs: int | None = None,
    storage: str | None = None,
    name: str | None = None,
    placement: Placement = HERE,
    force: bool = False,
    console: Console,
) -> Endings:
    """Trains the best config of each combination of some settings, as a grid study of its own.

    Args:
        by: the settings whose combinations are compared; None: those of the search's cells.
        seed: of the new study; other than the search's.
        epochs: length of every trial; None: as in the search.
        storage: None: beside the search's record.

    Raises:
        ValueError: no search, an unknown setting, the search's own seed, nothing to choose from.
    """
    folder = place(where)
    record = load_record(folder)
    check_unchanged(folder, record.manifest, force)
    study, confirms = confirming_study(record, by, replicates, seed)
    for winner in confirms.trials:
        say(console, _line(winner, record))
    return run_studies(
        [study],
        Options(epochs=epochs),
        storage=storage or str(folder.resolve().parent),
        name=name,
        placement=placement,
        console=console,
        confirms=confirms,
    )


def _line(winner: Winner, record: Record) -> str:
    settings = ", ".join(f"{k}={v}" for k, v in winner.settings.items()) or "best of all trials"
    value = f"{record.metric} {winner.value:.4g} at {record.unit} {winner.fidelity}"
    return f"{settings}: trial {winner.number}, {value}"
