"""Checks a record: its digest, its completeness, and the numbers of trials trained anew."""

from collections.abc import Callable
from functools import partial

from rich.console import Console

from sweepbook.commands.completeness import problems
from sweepbook.commands.retraining.compare import differences
from sweepbook.commands.retraining.sample import sample, to_retrain, went_on
from sweepbook.plan.manifest import changes_seen, changes_since
from sweepbook.plan.trust.code import take_code
from sweepbook.record.digest import record_digest
from sweepbook.record.load import Record, load_record
from sweepbook.record.provenance import is_whole_code
from sweepbook.record.storage.places import Place, Where, place
from sweepbook.study.texts import count, shortened, visible
from sweepbook.tune.console import say, table_of
from sweepbook.tune.worker.seen_gpus import only_gpus

_BAD, _MOST = "wrong", 200  # what is said of a digest; characters of an error
_IN_ONE_GO = "this trial was trained without an interruption"
_WENT_ON = "this trial went on after an interruption"


def check(
    folder: Where,
    *,
    trials: int,
    seed: int,
    epochs: int | None,
    console: Console,
    trust: bool = False,
) -> bool:
    """Says what is wrong with a record, or that it holds, and its digest; returns whether it does.

    Args:
        trials: how many to train anew; the seed draws them. 0: nothing that the record names is
            imported or called.
        epochs: so many of each; None: all.
        trust: also take its code from outside of the folder or the project that one works in.

    Raises:
        ValueError: a number out of range, or no record.
    """
    if trials < 0 or (epochs is not None and epochs < 1):
        raise ValueError(
            f"--trials must be at least 0 and --epochs at least 1, got {trials} and {epochs}"
        )
    tell = partial(say, console)
    record = load_record(folder)
    with only_gpus(max((trial.gpus for trial in record.manifest.trials), default=0)):
        found, n_trained = verify(folder, trials, seed, epochs, trust=trust, tell=tell)
    for line in found:
        say(console, line)
    digest = record_digest(record)
    if found:
        say(console, f"the digest of its tables is {digest}")
        return False
    anew = _retrained(record, n_trained, trials, epochs)
    say(console, f"{folder} is sound: it is complete and has its digest, {digest}; {anew}")
    return True


def check_digests(storage: Where, console: Console) -> bool:
    """Shows a table of all records in a storage and whether each has its digest.

    Nothing that a record names is imported or called.

    Returns:
        Whether every record that has ended has its digest, and every one can be read.

    Raises:
        ValueError: the storage holds no record.
    """
    folders = [
        folder for folder in place(storage).iterdir() if (folder / "manifest.json").is_file()
    ]
    if not folders:
        raise ValueError(f"{storage} holds no record: give the folder that records lie in")
    found = {folder.name: _digest_of(folder) for folder in folders}
    rows = [(name, *said) for name, said in found.items()]
    console.print(table_of(("record", "digest", "which"), rows, overflow="fold"))
    n_bad = sum(said == _BAD for said, _ in found.values())
    if n_bad:
        say(console, f"{n_bad} of {count(len(rows), 'record')} failed")
    return n_bad == 0


def _digest_of(folder: Place) -> tuple[str, str]:
    """Whether a record has its digest, in a word, and which it is or what is wrong."""
    try:
        record = load_record(folder)
        digest, said = record_digest(record), record.manifest.record_digest
    except (OSError, ValueError) as error:
        return _BAD, shortened(visible(str(error)), _MOST)
    if not record.manifest.has_ended:
        return "not ended", f"its status is {record.manifest.status}"
    if said is None:
        extends = record.manifest.extends
        return ("not ended", "it has not gone on yet") if extends else (_BAD, "it has none")
    return ("right", digest) if said == digest else (_BAD, f"{digest}, its manifest says {said}")


def _retrained(record: Record, n: int, asked: int, epochs: int | None) -> str:
    """How many trials of how many were retrained, and what would retrain all."""
    total, most = len(record.trials), len(to_retrain(record))
    if not most:
        return "no trial was retrained, because none trained to its own end"
    text = "no trial was retrained"
    if n:
        until = "" if epochs is None else f" up to {record.unit} {epochs}"
        one = "trial" if total == 1 else "trials"
        text = f"{n} of {total} {one} {'was' if n == 1 else 'were'} retrained{until}"
        text += " and gave the recorded numbers"
    if asked > n:
        text += f" ({asked} were asked for)"
    if n < most:
        own_end = "" if most == total else " that trained to their own end"
        text += f"; --trials {most} retrains all{own_end}"
    return text


def verify(
    folder: Where,
    n_trials: int,
    seed: int,
    most: int | None,
    *,
    trust: bool = False,
    tell: Callable[[str], object] = lambda text: None,
) -> tuple[list[str], int]:
    """Returns what is wrong with a record, a line each, and how many trials were trained anew.

    Where a trial differs, the last line says what to do.

    Args:
        n_trials: 0: nothing that the record names is imported or called.
        trust: also take its code from outside of the folder or the project that one works in.
        tell: is told which code of the record is run.

    Raises:
        ValueError: where there is no record, or its code may not be run.
    """
    record = load_record(folder)
    chosen, resumed = sample(record, n_trials, seed), went_on(record)
    if n_trials:
        tell(take_code(record.path, record.manifest, trust=trust))
        changes = changes_since(record.manifest)
    else:
        changes, is_compared = changes_seen(record.path, record.manifest)
        if not is_compared:
            tell("the code of the record is not here, or may not be taken: it was not compared")
    found = [*changes, *problems(record)]
    differing = [(i, said) for i, said in differences(record, chosen, most) if said]
    for trial_id, difference in differing:
        history = _WENT_ON if trial_id in resumed else _IN_ONE_GO
        found.append(f"trial {trial_id} differs when retrained: {difference}; {history}")
    if differing:
        is_known = is_whole_code(record.manifest.code_sha256)
        has_resumed = any(trial_id in resumed for trial_id, _ in differing)
        found.append(_what_to_do(has_resumed, is_known))
    return found, len(chosen)


def _what_to_do(has_resumed: bool, is_known: bool) -> str:
    """The possible causes of a difference, and the next step."""
    causes = "the trainable uses random numbers that do not come from its seed; it ran "
    causes += "with other versions or on another machine"
    if not is_known:
        causes += "; or code has changed that its program runs and that its command does not name"
    if has_resumed:
        causes += (
            "; or, after an interruption, it draws random numbers between reading `state` and "
            "its loop, or keeps something outside `state`"
        )
    return (
        f"possible causes of a difference: {causes}. Remove the cause, and train the study again "
        "in a new record: sweepbook run STUDY --no-cache"
    )
