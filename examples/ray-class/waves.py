"""Predicts the next value of noisy waves with a recurrent network, tuned by Ray Tune."""

import os

import torch
from ray import tune


def waves(n, length, generator):
    start, pace = torch.rand(2, n, 1, generator=generator)
    values = torch.sin(6.3 * start + (0.2 + 0.3 * pace) * torch.arange(length + 1))
    return values + 0.1 * torch.randn(values.shape, generator=generator)


class Forecaster(tune.Trainable):
    def setup(self, config):
        torch.manual_seed(config["seed"])
        generator = torch.Generator().manual_seed(config["seed"])
        self.train_waves = waves(512, config["length"], generator)
        self.val_waves = waves(256, config["length"], generator)
        self.rnn = torch.nn.GRU(1, config["hidden"], batch_first=True)
        self.head = torch.nn.Linear(config["hidden"], 1)
        self.model = torch.nn.ModuleList([self.rnn, self.head])
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=config["lr"])

    def loss_of(self, rows):
        hidden, _ = self.rnn(rows[:, :-1, None])
        return torch.nn.functional.mse_loss(self.head(hidden)[..., 0], rows[:, 1:])

    def step(self):
        for rows in torch.randperm(len(self.train_waves)).split(32):
            loss = self.loss_of(self.train_waves[rows])
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
        with torch.no_grad():
            return {"train_loss": loss.item(), "val_loss": self.loss_of(self.val_waves).item()}

    def save_checkpoint(self, checkpoint_dir):
        state = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}
        torch.save(state, os.path.join(checkpoint_dir, "state.pt"))

    def load_checkpoint(self, checkpoint_dir):
        state = torch.load(os.path.join(checkpoint_dir, "state.pt"))
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])


if __name__ == "__main__":
    space = {"lr": tune.grid_search([0.001, 0.01]), "hidden": tune.grid_search([4, 16])}
    tuner = tune.Tuner(
        Forecaster,
        param_space={**space, "length": 25, "seed": 0},
        run_config=tune.RunConfig(stop={"training_iteration": 15}),
    )
    print(tuner.fit().get_best_result("val_loss", "min").config)
