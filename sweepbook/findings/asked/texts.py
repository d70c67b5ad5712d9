"""The questions that every trial is asked, in words; they are answered by yes and no."""

TEXTS = {
    "gap": "training accuracy is below validation accuracy",
    "gap-evaluation-mode": "in evaluation mode training and validation accuracy are the same",
    "train-mode": "the training rows score higher in evaluation mode than during training",
    "gradients-first": "the gradients are healthy at the first step",
    "gradients-last": "the gradients are healthy at the last step",
    "chance": "at least 80 % of the seeds stay at chance",
}
