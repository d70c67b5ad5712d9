"""A small Lightning module and its data, as a user writes them."""

import lightning.pytorch as L
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset, random_split


class Net(L.LightningModule):
    """A classifier that logs on steps and epochs, and steps a scheduler that looks at a metric."""

    def __init__(self, lr: float, plateau: bool = False, other: object = object()) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 2))
        self.n_ended = 0

    def loss(self, batch):
        x, y = batch
        return nn.functional.cross_entropy(self.net(x), y)

    def training_step(self, batch, batch_idx):
        loss = self.loss(batch)
        self.log("train_loss", loss, on_step=True, on_epoch=True)
        return loss

    def validation_step(self, batch, batch_idx):
        self.log("val_loss", self.loss(batch))

    def on_train_epoch_end(self):
        self.n_ended += 1
        self.log("noise", torch.rand(()))
        self.log("lr", self.optimizers().param_groups[0]["lr"])

    def configure_optimizers(self):
        optimizer = torch.optim.Adam(self.parameters(), lr=self.hparams.lr)
        if not self.hparams.plateau:
            return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)]
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, threshold=0.5)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": plateau, "monitor": "val_loss"},
        }


class Data(L.LightningDataModule):
    """Points that are split by the global random numbers, and shuffled."""

    def setup(self, stage):
        x = torch.randn(48, 4, generator=torch.Generator().manual_seed(0))
        self.train, self.val = random_split(TensorDataset(x, (x.sum(1) > 0).long()), [32, 16])

    def train_dataloader(self):
        return DataLoader(self.train, batch_size=8, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.val, batch_size=16)


class Noisy(Dataset):
    """Points whose values are drawn when they are read, in a process of a DataLoader."""

    def __init__(self, plain):
        self.plain = plain

    def __len__(self):
        return len(self.plain)

    def __getitem__(self, i):
        x, y = self.plain[i]
        return x + torch.rand(()), y


class NoisyData(Data):
    """Points that a process of its own reads."""

    def train_dataloader(self):
        return DataLoader(Noisy(self.train), batch_size=8, shuffle=True, num_workers=1)


class ReloadedData(Data):
    """Points that are drawn again in each epoch."""

    def train_dataloader(self):
        drawn = TensorDataset(torch.randn(16, 4), torch.randint(0, 2, (16,)))
        return DataLoader(drawn, batch_size=8)
