"""The questions that every trial is asked, in words; they are answered by yes and no."""

TEXTS = {
    "gap": "training accuracy is below validation accuracy",
    "gap-evaluation-mode": "in evaluation mode training and validation accuracy are the same",
    "train-mode": "the train split scores higher in evaluation mode than while it is trained on",
    "gradients-first": "the gradients are healthy at the first step",
    "gradients-last": "the gradients are healthy at the last step",
    "chance": "at least 80 % of the seeds stay at chance",
}
