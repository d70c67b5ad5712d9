"""A tiny BERT that tells which of two words comes first, fed by the Trainer of transformers."""

import tempfile

import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments


class Words(torch.utils.data.Dataset):
    """Texts of 12 made words; the label says whether word 1 comes before word 2."""

    def __init__(self, n, seed):
        made = torch.Generator().manual_seed(seed)
        self.texts = torch.randint(3, 30, (n, 12), generator=made)
        places = torch.rand(n, 12, generator=made).argsort(dim=1)[:, :2]
        self.labels = (places[:, 0] < places[:, 1]).long()
        self.texts.scatter_(1, places, torch.tensor([1, 2]).expand(n, 2))

    def __len__(self):
        return len(self.texts)

    def __getitem__(self, i):
        return {"input_ids": self.texts[i], "labels": self.labels[i]}


def accuracy(given):
    """Returns the share of texts whose label is found."""
    return {"accuracy": float((given.predictions.argmax(-1) == given.label_ids).mean())}


def make_trainer(lr, epochs, layers, seed):
    """Returns a Trainer that has trained nothing yet."""
    config = BertConfig(
        vocab_size=30,
        hidden_size=32,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=12,
    )
    arguments = TrainingArguments(
        output_dir=tempfile.mkdtemp(),
        learning_rate=lr,
        num_train_epochs=epochs,
        per_device_train_batch_size=32,
        eval_strategy="epoch",
        logging_strategy="epoch",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
        seed=seed,
    )
    data = {"train_dataset": Words(800, seed=1), "eval_dataset": Words(400, seed=2)}
    model = BertForSequenceClassification(config)
    return Trainer(model, arguments, compute_metrics=accuracy, **data)
