"""How often two equal arms are told apart where early stopping says at which step to compare them.

python -m benchmarks.early_stopping > benchmarks/early-stopping.md      # some minutes

Half of a study's trials are equal and are claimed about in pairs; the others are equal to them or
worse. ASHA stops trials by the rule of a study (sweepbook/study/rungs.py) in virtual time, and
the verdicts come from the record as in a report.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from sweepbook import ASHA, Claim, Fidelity, Metric, Study
from sweepbook.findings.evaluate import evaluate
from sweepbook.findings.finding import FAILS, HOLDS
from sweepbook.record.load import Record
from sweepbook.record.manifest import Data, Manifest
from sweepbook.replay.virtual import Curve, arrivals, search, visits_of
from sweepbook.study.rungs import Rungs

N_TRIALS, N_EPOCHS = 12, 20
STOPS = ASHA(grace_period=2, reduction_factor=2, max_t=N_EPOCHS)
LEVELS = STOPS.rungs(N_EPOCHS - 1)  # 2, 4, 8 and 16
N_WORKERS = 4
Floats = npt.NDArray[np.float64]
# What the other trials are like, in sds of a replicate: their mean, and their spread.
OTHERS: Mapping[str, tuple[float, float]] = {
    "equal": (0.0, 0.0),
    "worse": (-3.0, 0.5),
}
_DATA = {"paired": True, "card": {"largest_class": {"share": 0.5}}}
CORRELATIONS = {"high": 0.9, "none": 0.0}  # of a replicate's scores at two distant steps
_HEAD = """# False verdicts on arms that early stopping compares before their end

Written by `python -m benchmarks.early_stopping`. In each row {n_studies} studies of {n_trials}
trials under ASHA (rungs at epochs {levels}, then the end at {end}). Half of the trials are equal:
each verdict on two of them is false. "Correlation": between a replicate's scores at two distant
epochs. "With p <= 5 %": of the comparisons at a rung, without regard to the number of chances.
"With a verdict": the same, as Sweepbook decides. "Of all": of all comparisons, those at the end
included.
"""


@dataclass(frozen=True)
class Rates:
    """Of all comparisons of two equal arms: how many, and the share of false verdicts.

    n_early: those at a rung, before the end. plain: of these the share with p <= 0.05. early:
    the share with a verdict. all: of all comparisons, the share with a verdict.
    """

    n: int
    n_early: int
    plain: float
    early: float
    all: float


def error_rates(n_replicates: int, others: str, correlation: str, n_studies: int) -> Rates:
    """Runs studies with early stopping and counts verdicts on pairs of equal arms."""
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(n_studies):
        scores = _scores(rng, N_TRIALS, n_replicates, CORRELATIONS[correlation])
        mean, spread = OTHERS[others]
        half = N_TRIALS // 2
        scores[half:] += mean + spread * rng.standard_normal((N_TRIALS - half, 1, 1))
        rows += [*_decided(stopped_early(scores, int(rng.integers(2**31)), half // 2))]
    found = pd.DataFrame(rows)
    early = found[found["early"]]
    return Rates(
        len(found),
        len(early),
        plain=float((early["p"] <= 0.05).mean()),
        early=float(early["false"].mean()),
        all=float(found["false"].mean()),
    )


def _scores(rng: np.random.Generator, n_trials: int, n_replicates: int, rho: float) -> Floats:
    """Scores (trial, replicate, epoch) of mean 0 and sd 1; neighbouring epochs are alike."""
    shape = (n_trials, n_replicates)
    own, noise = rng.standard_normal(shape), rng.standard_normal((*shape, N_EPOCHS))
    for epoch in range(1, N_EPOCHS):
        noise[..., epoch] = 0.5 * noise[..., epoch - 1] + np.sqrt(0.75) * noise[..., epoch]
    return np.sqrt(rho) * own[..., None] + np.sqrt(1 - rho) * noise


def stopped_early(scores: Floats, seed: int, n_claims: int) -> Record:
    """The record of the trials that claims compare in pairs, after ASHA stopped some.

    scores: (trial, replicate, epoch) if every trial were trained to its end; the claims are about
    the first ones. seed: of the order in which all trials arrive. The record has the epochs of
    the rungs and the last one.
    """
    n_trials, n_replicates, n_epochs = scores.shape
    curves = [
        Curve(str(i), tuple(means), tuple(range(1, n_epochs + 1)))
        for i, means in enumerate(scores.mean(axis=1).tolist())
    ]
    arrival = arrivals(n_trials, 1, seed, jitter=0.1)[0]
    rungs = Rungs(LEVELS, STOPS.reduction_factor)
    played = search([visits_of(c, LEVELS) for c in curves], arrival, N_WORKERS, rungs)
    kept = range(2 * n_claims)
    ids = [f"trial{i:07d}" for i in kept]
    trials = pd.DataFrame(
        {
            "trial_id": ids,
            "status": ["stopped" if i in played.stopped else "finished" for i in kept],
            "n_replicates": n_replicates,
            "n_diverged": 0,
            "max_fidelity": n_epochs,
            "last_fidelity": [played.reached[i] for i in kept],
            "config/arm": kept,
        }
    )
    trial, replicate, epoch = (index[: len(kept)] for index in np.indices(scores.shape))
    trained = epoch < np.array(played.reached)[: len(kept), None, None]
    trained &= np.isin(epoch + 1, (*LEVELS, n_epochs))
    trial, replicate, epoch = trial[trained], replicate[trained], epoch[trained]
    reports = pd.DataFrame(
        {
            "trial_id": np.array(ids)[trial],
            "replicate": replicate,
            "epoch": epoch + 1,
            "score": scores[trial, replicate, epoch],
        }
    )
    manifest = Manifest(
        study=_study(n_trials, n_claims), n_replicates=n_replicates, data=Data(_DATA)
    )
    return Record(Path("simulated"), manifest, trials, reports)


def _study(n_trials: int, n_claims: int) -> Study:
    claims = [
        Claim(
            name=f"pair-{i}",
            statement="",
            kind="direction",
            metric="score",
            arms=({"arm": 2 * i}, {"arm": 2 * i + 1}),
            fidelity="last",
            smallest=0.0,
            reason="both are equal",
        )
        for i in range(n_claims)
    ]
    return Study(
        name="simulated",
        question="?",
        trainable="x:y",
        metric=Metric("score", "max"),
        fidelity=Fidelity("epoch", "epochs"),
        grid={"arm": list(range(n_trials))},
        scheduler=STOPS,
        claims=claims,
    )


def _decided(record: Record) -> Iterator[dict[str, float]]:
    """What each claim came to: p without regard to the stopping, and whether it got a verdict."""
    for finding in evaluate(record):
        if finding.name.startswith("pair") and finding.p is not None:
            early = finding.steps != f"epoch {N_EPOCHS}"
            yield {"early": early, "p": finding.p, "false": finding.verdict in (HOLDS, FAILS)}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.early_stopping", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--studies", type=int, default=400, help="per row (default 400)")
    n_studies = parser.parse_args().studies
    levels = ", ".join(map(str, LEVELS))
    print(_HEAD.format(n_studies=n_studies, n_trials=N_TRIALS, levels=levels, end=N_EPOCHS))
    print("| replicates | other trials | correlation | comparisons | at a rung | with p <= 5 % "
          "| with a verdict | of all |")  # fmt: skip
    print("| ---: | --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for n in (3, 5):
        for others in OTHERS:
            for correlation in CORRELATIONS:
                found = error_rates(n, others, correlation, n_studies)
                shares = (found.n_early / found.n, found.plain, found.early, found.all)
                cells = " | ".join(f"{100 * share:.1f} %" for share in shares)
                print(f"| {n} | {others} | {correlation} | {found.n} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
