"""The usual way: one Ray Tune function trial per seed, DataLoader, default Adam, fresh actors."""

import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LEARNING_RATES = (1.0, 0.01, 0.001, 0.00001)


@dataclass(frozen=True)
class PeerTimes:
    """What the peer costs on this machine, its trials running on every core.

    ray_s: from nothing to the first trial's submission; once per study.
    start_s: of a core, per trial: actor, imports, data, end; everything outside its epochs.
    epoch_s: seconds of each epoch, training and validation.
    """

    n_cores: int
    ray_s: float
    start_s: float
    epoch_s: tuple[float, ...]

    def per_replicate_epoch_s(self, n_trials: int, n_epochs: int) -> float:
        """Wall seconds per trained epoch of one model in a study of that size."""
        trial_s = self.start_s + n_epochs * sum(self.epoch_s) / len(self.epoch_s)
        return (self.ray_s + n_trials * trial_s / self.n_cores) / (n_trials * n_epochs)


def train_one(config: Mapping[str, Any]) -> None:
    """One model, as tutorials write it; reports every epoch to Tune."""
    import torch
    from ray import tune
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset

    from trainables.cities.europe import load_splits

    torch.manual_seed(config["seed"])
    splits = load_splits(split_seed=config["seed"])
    train, validation = (
        TensorDataset(torch.tensor(part.x, dtype=torch.float32), torch.tensor(part.y))
        for part in (splits.train, splits.validation)
    )
    train_loader = DataLoader(train, batch_size=256, shuffle=True)
    validation_loader = DataLoader(validation, batch_size=256)
    sizes = [2, *[16] * 6]
    layers = [
        m for a, b in zip(sizes, sizes[1:], strict=False) for m in (nn.Linear(a, b), nn.ReLU())
    ]
    model = nn.Sequential(*layers, nn.Linear(16, 33))
    optimizer = torch.optim.Adam(model.parameters(), lr=config["lr"])
    criterion = nn.CrossEntropyLoss()
    for epoch in range(1, config["epochs"] + 1):
        start = time.perf_counter()
        model.train()
        train_loss, train_hits = 0.0, 0
        for x, y in train_loader:
            optimizer.zero_grad()
            logits = model(x)
            loss = criterion(logits, y)
            loss.backward()
            optimizer.step()
            train_loss += loss.item() * len(x)
            train_hits += (logits.argmax(1) == y).sum().item()
        model.eval()
        val_loss, val_hits = 0.0, 0
        with torch.no_grad():
            for x, y in validation_loader:
                logits = model(x)
                val_loss += criterion(logits, y).item() * len(x)
                val_hits += (logits.argmax(1) == y).sum().item()
        tune.report(
            {
                "epoch": epoch,
                "train_loss": train_loss / len(train),
                "train_acc": train_hits / len(train),
                "val_loss": val_loss / len(validation),
                "val_acc": val_hits / len(validation),
                "epoch_s": time.perf_counter() - start,
            }
        )


def measure_peer(n_epochs: int, n_seeds: int) -> PeerTimes:
    """Runs the study in the usual way on few epochs and seeds."""
    started = time.perf_counter()
    os.environ["RAY_AIR_NEW_OUTPUT"] = "0"
    import ray
    from ray import tune

    ray.init(
        address="local", include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR
    )
    n_cores = os.cpu_count() or 1
    space = {
        "lr": tune.grid_search(list(LEARNING_RATES)),
        "seed": tune.grid_search(list(range(n_seeds))),
        "epochs": n_epochs,
    }
    tuner = tune.Tuner(train_one, param_space=space, run_config=tune.RunConfig(verbose=0))
    fit_started = time.perf_counter()
    grid = tuner.fit()
    ended = time.perf_counter()
    ray.shutdown()
    frames = [grid[i].metrics_dataframe for i in range(len(grid))]
    epochs = [s for frame in frames if frame is not None for s in frame["epoch_s"]]
    if grid.errors or len(epochs) != len(LEARNING_RATES) * n_seeds * n_epochs:
        raise RuntimeError(f"the peer's trials failed: {grid.errors}")
    core_s = (ended - fit_started) * min(n_cores, len(grid))
    return PeerTimes(
        n_cores=n_cores,
        ray_s=fit_started - started,
        start_s=(core_s - sum(epochs)) / len(grid),
        epoch_s=tuple(epochs),
    )
