"""What is said of the steps that were tried, and of what they would leave."""

from collections.abc import Sequence

from rich.console import Console

from sweepbook.commands.trying.resuming import no_state_words
from sweepbook.commands.trying.steps import Tried
from sweepbook.record.planned import Trial
from sweepbook.study.texts import count, shortened
from sweepbook.tune.console import say, table_of
from sweepbook.tune.worker.yielded import Step

MOST_LETTERS = 100  # of a value


def say_step(step: Step, trial: Trial, mode: str, console: Console) -> None:
    """Prints what one step has yielded, and how long it took."""
    rows = step.rows
    say(
        console, f"{trial.unit} {step.fidelity} of {trial.max_fidelity}: {rows[0]['time_s']:.3g} s"
    )
    shown = []
    for name in dict.fromkeys(name for row in rows for name in row):
        if name in ("replicate", "time_s", trial.unit):
            continue
        values = ", ".join(str(row.get(name)) for row in rows)
        aim = "the lowest" if mode == "min" else "the highest"
        what = f"the study's metric, {aim} is the best" if name == trial.metric else ""
        shown.append(("", name, shortened(values, MOST_LETTERS), what))
    console.print(table_of(["", "", "", ""], shown, has_header=False, overflow="fold"))


def say_kept(tried: Tried, console: Console) -> None:
    """Prints what a record would keep of the last step beside its metrics."""
    if tried.has_ended:
        at = tried.last.fidelity if tried.last else 0
        say(console, f"the training ended by itself after {tried.trial.unit} {at}")
    say(console, f"state: {_state(tried)}")
    if "model" in tried.sizes:
        say(console, f"model: {_bytes(tried.sizes['model'])}, kept of the best step")
    if (found := tried.predictions) is not None:
        n_rows = found["row_id"].shape[-1]
        say(console, f"predictions: {count(n_rows, 'row')} of split {found['split']}")


def say_differences(found: Sequence[str], at: str, console: Console) -> None:
    """Prints whether a step is the same after a break as without one."""
    if not found:
        say(console, f"{at} is the same with and without a break: a resume goes on where it was")
        return
    for line in found:
        say(console, line)
    say(
        console,
        f"so {at} is another one after a break: keep in `state` all that the training goes on "
        "from, such as the optimizer and random generators, build the model before you read "
        "`state`, and draw nothing between reading it and your loop",
        style="red",
    )


def _state(tried: Tried) -> str:
    if "state" not in tried.sizes:
        return no_state_words(tried.trial)
    size = _bytes(tried.sizes["state"])
    if not tried.takes_state:
        return (
            f"{size}, but the trainable does not take it back, so an interrupted trial begins "
            "again: give it a parameter state=None"
        )
    return f"{size}, which a checkpoint can keep"


def _bytes(n: int) -> str:
    return f"{n:,} bytes" if n < 1e5 else f"{n / 1e6:,.1f} MB"
