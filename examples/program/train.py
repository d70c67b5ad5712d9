"""Trains a small network to tell two spirals apart."""

import argparse
import os

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=1e-3)
parser.add_argument("--hidden", type=int, default=32)
parser.add_argument("--optimizer", choices=["sgd", "adam"], default="adam")
parser.add_argument("--epochs", type=int, default=20)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--checkpoint-dir", default="checkpoints")
args = parser.parse_args()

torch.manual_seed(args.seed)
y = torch.arange(2000) % 2
angle = 6 * torch.rand(2000)
x = torch.stack([angle.cos(), angle.sin()], dim=1) * ((angle + 1) * (2 * y - 1)).unsqueeze(1)
x += 0.2 * torch.randn(2000, 2)
order = torch.randperm(2000)
train, val = order[:1600], order[1600:]

hidden = nn.Linear(args.hidden, args.hidden)
model = nn.Sequential(nn.Linear(2, args.hidden), nn.ReLU(), hidden, nn.ReLU())
model.append(nn.Linear(args.hidden, 2))
kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
optimizer = kinds[args.optimizer](model.parameters(), lr=args.lr)
criterion = nn.CrossEntropyLoss()

os.makedirs(args.checkpoint_dir, exist_ok=True)
path = os.path.join(args.checkpoint_dir, "last.pt")
start = 1
if os.path.exists(path):
    checkpoint = torch.load(path)
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    torch.set_rng_state(checkpoint["rng"])
    start = checkpoint["epoch"] + 1

for epoch in range(start, args.epochs + 1):
    for batch in train[torch.randperm(len(train))].split(4):
        optimizer.zero_grad()
        loss = criterion(model(x[batch]), y[batch])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        scores = model(x[val])
        val_loss = criterion(scores, y[val]).item()
        val_acc = (scores.argmax(1) == y[val]).float().mean().item()
    checkpoint = {"epoch": epoch, "model": model.state_dict(), "rng": torch.get_rng_state()}
    torch.save({**checkpoint, "optimizer": optimizer.state_dict()}, path)
    print(f"epoch={epoch} val_loss={val_loss:.4f} val_acc={val_acc:.4f}")
print("done")
