"""Small studies in numpy alone, of which docs/figures.md shows every kind of figure."""

import hashlib
import time

import numpy as np

from sweepbook import ASHA, Fidelity, Metric, Search, Study

SEEDS = ("weights", "order")  # each a setting of its own in one of the studies
ROWS = {"train": 300, "validation": 300, "test": 300}


def moons():
    """The points (n, 2) and labels (n,) of two half circles, split -> both; always the same."""
    random = np.random.default_rng(0)
    splits = {}
    for split, n in ROWS.items():
        label = np.arange(n) % 2
        angle = np.pi * random.random(n)
        upper = np.column_stack([np.cos(angle), np.sin(angle)])
        points = np.where(label[:, None] == 0, upper, [1.0, 0.5] - upper)
        splits[split] = (points + 0.3 * random.standard_normal((n, 2)), label)
    return splits


def describe(config):
    """Describes the data for the record."""
    splits = moons()
    content = b"".join(points.tobytes() for points, _ in splits.values())
    return {
        "name": "two moons", "sha256": hashlib.sha256(content).hexdigest(), "rows": ROWS,
        "splits": "given", "paired": True, "class_names": {"0": "upper", "1": "lower"},
    }  # fmt: skip


class Net:
    """One hidden layer with tanh, or none, and a logistic output."""

    def __init__(self, width, random):
        self.shapes = [(3, 1)] if width == 0 else [(3, width), (width + 1, 1)]
        self.weights = [random.standard_normal(s) / np.sqrt(s[0]) for s in self.shapes]

    def forward(self, points):
        """The inputs of each layer, and the probability of label 1."""
        inputs = [np.column_stack([points, np.ones(len(points))])]
        for weights in self.weights[:-1]:
            hidden = np.tanh(inputs[-1] @ weights)
            inputs.append(np.column_stack([hidden, np.ones(len(points))]))
        return inputs, 1 / (1 + np.exp(-np.clip(inputs[-1] @ self.weights[-1], -30, 30)[:, 0]))

    def step(self, points, label, lr, decay):
        """One step of gradient descent; returns the loss of its batch."""
        inputs, probability = self.forward(points)
        error = ((probability - label) / len(label))[:, None]
        for layer in reversed(range(len(self.weights))):
            gradient = inputs[layer].T @ error + decay * self.weights[layer]
            if layer:
                back = (error @ self.weights[layer].T)[:, :-1]
                error = back * (1 - inputs[layer][:, :-1] ** 2)
            self.weights[layer] = self.weights[layer] - lr * gradient
        return loss_of(probability, label)


def loss_of(probability, label):
    right = np.where(label == 1, probability, 1 - probability)
    return float(-np.log(np.clip(right, 1e-12, None)).mean())


def train(config):
    """Trains one net and yields its metrics after each epoch."""
    start = time.perf_counter()
    random, splits = np.random.default_rng(config["seed"]), moons()
    points, label = splits["train"]
    weights, shuffle = (np.random.default_rng(config[s]) if s in config else random for s in SEEDS)
    net = Net(config["width"], weights)
    seconds, n_steps = {"data": time.perf_counter() - start}, 0
    for epoch in range(1, config["epochs"] + 1):
        start, losses, order = time.perf_counter(), [], shuffle.permutation(len(label))
        for rows in np.split(order, range(config["batch_size"], len(order), config["batch_size"])):
            losses.append(net.step(points[rows], label[rows], config["lr"], config["decay"]))
        n_steps += len(losses)
        trained = time.perf_counter()
        metrics = {"epoch": epoch, "n_steps": n_steps, "batch_losses": losses}
        for split, name in (("train", "train"), ("validation", "val"), ("test", "test")):
            probability = net.forward(splits[split][0])[1]
            hits = (probability > 0.5) == splits[split][1]
            metrics |= {f"{name}_loss": loss_of(probability, splits[split][1])}
            metrics |= {f"{name}_acc": float(hits.mean())}
        now = time.perf_counter()
        seconds |= {"train": trained - start, "evaluate": now - trained}
        yield metrics | {
            "time_s": trained - start,
            "times": seconds,
            "predictions": lambda probability=probability: predictions(probability),
        }
        seconds = {}


def predictions(probability):
    """The test predictions, the last of the splits."""
    predicted = (probability > 0.5).astype(int)
    return {
        "split": "test",
        "row_id": np.arange(len(predicted)),
        "label": moons()["test"][1],
        "predicted": predicted,
        "probability": np.where(predicted == 1, probability, 1 - probability),
    }


def space():
    """What the search opens."""
    from ray import tune

    return {
        "lr": tune.loguniform(0.003, 3.0),
        "decay": tune.loguniform(1e-6, 1e-1),
        "batch_size": tune.lograndint(4, 129),
    }


_SHARED = {
    "trainable": "moons:train",
    "data": "moons:describe",
    "metric": Metric("val_loss", "min"),
    "fidelity": Fidelity("epoch", "epochs"),
    "replicates": 5,
}
NETS = Study(
    name="moons",
    question="How wide a net, and how large a learning rate, tells two moons apart?",
    grid={"width": [0, 2, 16], "lr": [0.03, 0.1, 0.3, 1.0]},
    fixed={"decay": 0.0, "batch_size": 32, "epochs": 40},
    **_SHARED,
)
BATCHES = Study(
    name="moons-batches",
    question="How large should a batch be?",
    grid={"batch_size": [8, 32, 128]},
    fixed={"width": 16, "lr": 0.3, "decay": 0.0, "epochs": 20},
    **_SHARED,
)
CHANCE = Study(
    name="moons-seeds",
    question="Do the initial weights or the order of the rows move a result more?",
    grid={seed: [1, 2, 3, 4, 5, 6] for seed in SEEDS},
    fixed={"width": 16, "lr": 0.3, "decay": 0.0, "batch_size": 32, "epochs": 20},
    **{**_SHARED, "replicates": 1},
)
SEARCH = Study(
    name="moons-search",
    question="Which width is best at its own best learning rate?",
    grid={"width": [2, 4, 16]},
    fixed={"epochs": 27},
    scheduler=ASHA(grace_period=3, reduction_factor=3),
    search=Search(space="moons:space", n_trials=24, n_random=8),
    **{**_SHARED, "replicates": 1},
)
