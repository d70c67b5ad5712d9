"""How many CPU seconds the report of a large record takes, or of given ones, and of which parts.

python -m benchmarks.report                      # 100 trials x 5 seeds x 200 epochs
python -m benchmarks.report --trials 1000 --epochs 20
python -m benchmarks.report --records records/*  # of records that are there
"""

import argparse
import cProfile
import json
import pstats
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from sweepbook.pages.report import write_report
from sweepbook.study.project import find_project

ROOT = Path(__file__).parents[1]
N_TRIALS, N_SEEDS, N_EPOCHS = 100, 5, 200
_SPLITS = (("train", 1.1), ("val", 1.0), ("test", 1.03))


def write_made_up(folder: Path, n_trials: int, n_seeds: int, n_epochs: int) -> None:
    """Writes a record of a grid of learning rates and widths: losses that fall, with noise."""
    folder.mkdir(parents=True)
    widths = 2 ** np.arange(10)
    rates = np.geomspace(1e-4, 1e-1, -(-n_trials // len(widths)))
    grid = [(float(rate), int(width)) for rate in rates for width in widths][:n_trials]
    trials = pd.DataFrame(grid, columns=["config/lr", "config/width"])
    ids = np.array([f"{i:012x}" for i in range(n_trials)])
    said = {"trial_id": ids, "study": "large", "status": "finished", "error": None, "seed": 0}
    said |= {"reason": f"all {n_epochs} epochs", "n_replicates": n_seeds, "n_diverged": 0}
    said |= {"fidelity_unit": "epoch", "max_fidelity": n_epochs, "last_fidelity": n_epochs}
    trials.assign(**said, time_total_s=0.5 * n_epochs).to_parquet(folder / "trials.parquet")
    _reports(ids, n_seeds, n_epochs).to_parquet(folder / "reports.parquet")
    (folder / "manifest.json").write_text(json.dumps(_manifest(n_seeds, grid)))


def _reports(ids: np.ndarray, n_seeds: int, n_epochs: int) -> pd.DataFrame:
    random, shape = np.random.default_rng(0), (len(ids), n_seeds, n_epochs)
    epochs = np.arange(1, n_epochs + 1)
    rate = random.uniform(0.02, 0.3, (len(ids), 1, 1)) * random.normal(1, 0.08, (*shape[:2], 1))
    loss = 0.15 + 3.2 * np.exp(-rate * epochs) + 0.01 * random.random(shape)
    metrics = {f"{split}_loss": (gap * loss).ravel() for split, gap in _SPLITS}
    metrics |= {f"{split}_acc": np.exp(-0.7 * gap * loss).ravel() for split, gap in _SPLITS}
    keys = {
        "trial_id": np.repeat(ids, n_seeds * n_epochs),
        "replicate": np.tile(np.repeat(np.arange(n_seeds), n_epochs), len(ids)),
        "epoch": np.tile(epochs, len(ids) * n_seeds),
    }
    return pd.DataFrame(keys | metrics | {"time_s": 0.5, "n_steps": 12 * keys["epoch"]})


def _manifest(n_seeds: int, grid: list[tuple[float, int]]) -> dict[str, object]:
    first, second = ({"lr": rate, "width": width} for rate, width in (grid[0], grid[-1]))
    claim = {
        "name": "last-is-better",
        "statement": "it is",
        "kind": "direction",
        "metric": "val_acc",
        "smallest": 0.01,
    }
    claim |= {"reason": "a point", "direction": "higher", "arms": [second, first]}
    curves = {"kind": "curves", "name": "loss", "metrics": ["val_loss"], "by": ["lr", "width"]}
    table = {"kind": "table", "name": "end", "metrics": ["val_loss", "val_acc"], "at": ["last"]}
    study = {"name": "large", "question": "Which net?", "trainable": "none:none"}
    study |= {"metric": {"name": "val_loss", "mode": "min"}, "replicates": n_seeds}
    study |= {"fidelity": {"unit": "epoch", "setting": "epochs"}, "claims": [claim]}
    study |= {"figures": [curves, table | {"by": ["lr", "width"]}]}
    data = {"name": "made up", "sha256": "ab" * 32, "paired": True, "splits": "one per replicate"}
    data |= {"rows": {"train": 8000, "validation": 1000, "test": 1000}}
    times = {"started": "2026-01-01T10:00:00+00:00", "ended": "2026-01-01T11:00:00+00:00"}
    return {
        **{"schema_version": 1, "study": study, "data": data, "seed": 0, "status": "complete"},
        **{"n_replicates": n_seeds, "command": ["sweepbook", "run", "large"], **times},
    }


def _seconds(records: list[Path], out: Path) -> float:
    start = time.process_time()
    write_report(records, out, project=find_project(ROOT))
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__)
    parser.add_argument("--trials", type=int, default=N_TRIALS)
    parser.add_argument("--seeds", type=int, default=N_SEEDS)
    parser.add_argument("--epochs", type=int, default=N_EPOCHS)
    parser.add_argument("--records", type=Path, nargs="*", help="of these, not of a made-up one")
    parser.add_argument("--profile", type=Path, help="file for the profile of cProfile")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        records = args.records or [Path(name) / "large"]
        if not args.records:
            write_made_up(records[0], args.trials, args.seeds, args.epochs)
        profile = cProfile.Profile() if args.profile else None
        if profile:
            profile.enable()
        seconds = _seconds(records, Path(name) / "report")
        if profile:
            profile.disable()
            pstats.Stats(profile).dump_stats(args.profile)
    print(f"{seconds:.1f} s of one core for the report of {len(records)} records")


if __name__ == "__main__":
    main()
