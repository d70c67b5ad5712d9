"""What ASHA saves a search, and what it is worth to tell Optuna the truth.

python -m benchmarks.searches writes benchmarks/search-results.md. The trainings are formulas, so
that a hundred searches take some minutes; the searchers and schedulers are the real ones, called
in the order in which Tune calls them, one trial at a time.
"""

import itertools
import math
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from ray.tune.schedulers import AsyncHyperBandScheduler
from ray.tune.search import Searcher
from ray.tune.search.optuna import OptunaSearch

from benchmarks.courses import Course, median, paired, reaching
from sweepbook import ASHA, Fidelity, Metric, Search, Study
from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.search.cell import distributions
from sweepbook.tune.scheduler import StudyASHA
from sweepbook.tune.searcher import StudySearch

MAX_T = 81
GRACES = (1, 9)
BUDGET = 30 * MAX_T  # epochs of one search: 30 trials trained to their end
BUDGETS = (BUDGET // 4, BUDGET // 2, BUDGET)
REPETITIONS = 20
OUT = Path(__file__).parent / "search-results.md"


def space() -> dict[str, Any]:
    """Five settings as a net has them."""
    from ray import tune

    return {
        "lr": tune.loguniform(1e-5, 1.0),
        "weight_decay": tune.loguniform(1e-8, 1e-1),
        "width": tune.lograndint(8, 513),
        "batch_size": tune.lograndint(16, 1025),
        "batch_norm": tune.choice([False, True]),
    }


def train(config: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yields nothing: `curve` is the training."""
    yield from ()


STUDY = Study(
    name="formula",
    question="?",
    trainable="benchmarks.searches:train",
    metric=Metric("val_loss", "min"),
    fidelity=Fidelity("epoch", "epochs"),
    fixed={"epochs": MAX_T},
    replicates=1,
    search=Search(space="benchmarks.searches:space", n_trials=100_000),
)


def curve(config: Mapping[str, Any]) -> np.ndarray[Any, Any]:
    """Returns the validation loss of each epoch; NaN from where the training diverges.

    A high learning rate learns fast and ends high, a low one learns slowly: the curves cross. A
    sixth of the settings diverges, next to the best learning rates.
    """
    lr, decay = math.log10(config["lr"]), math.log10(config["weight_decay"])
    width, batch = math.log2(config["width"]), math.log2(config["batch_size"])
    best_lr = -2.0 + 0.2 * (batch - 7)
    end = 0.2 + 0.06 * (lr - best_lr) ** 2 + 0.01 * (decay + 4) ** 2 + 0.01 * (width - 7) ** 2
    end += 0.0 if config["batch_norm"] else 0.05
    epochs = np.arange(1, MAX_T + 1)
    speed = 10 ** (0.35 * (lr - best_lr)) * 2 ** (-0.15 * (batch - 7)) / 6
    loss = end + 2.0 * np.exp(-((speed * epochs) ** 0.6))
    text = repr(sorted(config.items())).encode()
    loss += 0.01 * np.random.default_rng(list(text)).standard_normal(MAX_T)
    if lr > best_lr + (1.1 if config["batch_norm"] else 0.6):
        loss[int(np.clip(3 / (lr - best_lr), 1, MAX_T)) :] = math.nan
    return loss


def course(searcher: Any, scheduler: Any, budget: int, seed: int) -> Course:
    """Trains what the searcher suggests until the budget is spent, as Tune would.

    On a stop Tune does not pass the result on to the searcher, and then says that the trial is
    complete; a trial that a scheduler keeps is stopped at max_t.
    """
    spent, best, spents, bests = 0, math.inf, [], []
    for number in range(100_000):
        ray_id = f"{seed}-{number}"
        suggested = searcher.suggest(ray_id)
        if suggested == Searcher.FINISHED or spent >= budget:
            break
        trial_id = suggested.get("trial_id", ray_id)
        config = suggested["assignment"].config if "assignment" in suggested else suggested
        config = {key: config[key] for key in space()}
        trial = SimpleNamespace(trial_id=ray_id, config={"trial_id": trial_id})
        if scheduler is not None:
            scheduler.on_trial_add(None, trial)
        losses = curve(config)
        for epoch, loss in enumerate(losses.tolist(), 1):
            row = {"epoch": epoch, "val_loss": loss}
            result = {**row, "rows": [row], "training_iteration": epoch}
            decision = "STOP" if epoch == MAX_T else "CONTINUE"
            if scheduler is not None:
                decision = scheduler.on_trial_result(None, trial, result)
            elif "assignment" in suggested and math.isnan(loss):
                decision = "STOP"  # our worker ends a trial that has diverged in every replicate
            if decision == "STOP":
                break
            searcher.on_trial_result(ray_id, result)
        searcher.on_trial_complete(ray_id, result)
        spent += epoch
        if epoch == MAX_T and losses[-1] < best:
            best = float(losses[-1])
        spents.append(spent)
        bests.append(best)
    return Course(np.array(spents), np.array(bests))


def ours(seed: int, asha: ASHA | None, budget: int = BUDGET) -> Course:
    """The course of our search."""
    study = STUDY if asha is None else replace(STUDY, scheduler=asha)
    plan = make_plan(study, Options(seed=seed))
    endings: dict[str, Any] = {}
    scheduler = asha and StudyASHA(asha, study.metric, "epoch", endings)
    with tempfile.TemporaryDirectory() as folder:
        searcher = StudySearch(plan, endings, lambda trial, cell: trial, Path(folder))
        return course(searcher, scheduler, budget, seed)


def plain(seed: int, asha: ASHA, budget: int = BUDGET) -> Course:
    """The course of Ray's OptunaSearch under Ray's ASHA, as they are."""
    plan = make_plan(STUDY, Options())
    assert plan.search is not None
    searcher = OptunaSearch(
        distributions(plan.search.space), metric="val_loss", mode="min", seed=seed + 1
    )
    scheduler = AsyncHyperBandScheduler(
        time_attr="epoch",
        metric="val_loss",
        mode="min",
        max_t=MAX_T,
        grace_period=asha.grace_period,
        reduction_factor=asha.reduction_factor,
    )
    np.random.seed(seed)  # noqa: NPY002 (Ray's bracket choice takes the global generator)
    return course(searcher, scheduler, budget, seed)


def main() -> None:
    """Runs all searches and writes the results."""
    seeds = range(REPETITIONS)
    without = [ours(seed, None) for seed in seeds]
    kinds = {g: ASHA(grace_period=g, reduction_factor=3, max_t=MAX_T) for g in GRACES}
    with_asha = {g: [ours(seed, asha) for seed in seeds] for g, asha in kinds.items()}
    as_is = {g: [plain(seed, asha) for seed in seeds] for g, asha in kinds.items()}
    OUT.write_text(page(without, with_asha, as_is))
    print(OUT.read_text())


def page(
    without: list[Course], with_asha: dict[int, list[Course]], as_is: dict[int, list[Course]]
) -> str:
    """Returns the results as markdown."""
    n = len(without)
    lines = [
        "# Searches: what ASHA saves, what the truth is worth",
        "",
        "Written by `python -m benchmarks.searches`. Synthetic: the training curves are formulas "
        "(`benchmarks/searches.py: curve`) that cross, the searchers and schedulers are the real "
        f"ones, one trial at a time. {n} repetitions, each with a seed of its own. A whole trial "
        f"has {MAX_T} epochs, a search {BUDGET}; ASHA has reduction factor 3. Medians have an "
        "interval by order statistics, means by the t distribution, 95 % each; a search in which "
        "no trial has ended with a number is the worst.",
        "",
        "## The same search with and without ASHA",
        "Epochs with ASHA beside those without, until the same loss was found. First column of "
        "numbers: the best loss that the search without ASHA found in its whole budget, which "
        "the other may miss. Second: the worse of the two bests of each pair, which both found.",
        "",
        "| grace period | that best was found in, at times the epochs | to the common loss |",
        "|---|---|---|",
    ]
    for grace, courses in with_asha.items():
        lines += [f"| {grace} | " + " | ".join(reaching(courses, without, BUDGET)) + " |"]
    lines += ["", "Best loss at the same budget:", ""]
    lines += ["| epochs | grace period | with ASHA | without | pair by pair |"]
    lines += ["|---|---|---|---|---|"]
    for budget, (grace, courses) in itertools.product(BUDGETS, with_asha.items()):
        lines += [_row(budget, grace, "ASHA", courses, without)]
    lines += ["", "## Optuna told the truth, and the plain stack", ""]
    lines += ["Both with ASHA: our search beside Ray's OptunaSearch under Ray's ASHA as they are."]
    lines += ["", "| epochs | grace period | plain stack | truth | pair by pair |"]
    lines += ["|---|---|---|---|---|"]
    for budget, (grace, courses) in itertools.product(BUDGETS, as_is.items()):
        lines += [_row(budget, grace, "plain", courses, with_asha[grace])]
    return "\n".join([*lines, ""])


def _row(budget: int, grace: int, name: str, one: list[Course], other: list[Course]) -> str:
    values = [[course.at(budget) for course in group] for group in (one, other)]
    shown = [str(budget), str(grace), *map(median, values), paired(name, *values)]
    return "| " + " | ".join(shown) + " |"


if __name__ == "__main__":
    main()
