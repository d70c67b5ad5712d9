"""Reads digits with a small network, tuned by Ray Tune: ASHA stops the bad trials early."""

import os
import tempfile

import torch
from ray import tune
from ray.tune.schedulers import ASHAScheduler
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


def load(seed):
    x, y = load_digits(return_X_y=True)
    parts = train_test_split(x / 16, y, random_state=seed, stratify=y)
    return [torch.tensor(part, dtype=torch.float if part.ndim == 2 else None) for part in parts]


def train_fn(config):
    torch.manual_seed(config["seed"])
    x_train, x_val, y_train, y_val = load(config["seed"])
    model = torch.nn.Sequential(
        torch.nn.Linear(64, config["width"]), torch.nn.ReLU(), torch.nn.Dropout(config["dropout"]),
        torch.nn.Linear(config["width"], 10),
    )  # fmt: skip
    optimizer = torch.optim.Adam(model.parameters(), lr=config["lr"])

    start = 0
    checkpoint = tune.get_checkpoint()
    if checkpoint:
        with checkpoint.as_directory() as folder:
            saved = torch.load(os.path.join(folder, "model.pt"))
            model.load_state_dict(saved["model"])
            optimizer.load_state_dict(saved["optimizer"])
            start = saved["epoch"] + 1

    for epoch in range(start, config["epochs"]):
        model.train()
        for rows in torch.randperm(len(x_train)).split(16):
            loss = torch.nn.functional.cross_entropy(model(x_train[rows]), y_train[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            accuracy = (model(x_val).argmax(dim=1) == y_val).float().mean().item()
        with tempfile.TemporaryDirectory() as folder:
            saved = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            torch.save({**saved, "epoch": epoch}, os.path.join(folder, "model.pt"))
            checkpoint = tune.Checkpoint.from_directory(folder)
            tune.report({"accuracy": accuracy}, checkpoint=checkpoint)


if __name__ == "__main__":
    space = {"lr": tune.loguniform(1e-4, 1e-1), "width": tune.choice([16, 64]), "dropout": 0.2}
    asha = ASHAScheduler(metric="accuracy", mode="max", max_t=30, grace_period=3)
    settings = tune.TuneConfig(scheduler=asha, num_samples=8)
    tuner = tune.Tuner(
        train_fn, param_space={**space, "epochs": 30, "seed": 0}, tune_config=settings
    )
    print(tuner.fit().get_best_result("accuracy", "max").config)
