import json
import re
from dataclasses import asdict

import numpy as np

from search_spaces.vision_claims import BASELINES_CLAIMS, LEARNING_RATES, claims_of_weights
from sweepbook.findings.evaluate import evaluate
from sweepbook.pages.studies.answers import study_answers

RNG = np.random.default_rng(2)
EASE = RNG.random(200)
FAILED = {"status": "failed", "error": "OSError: no weights here"}


def hits(share, n):
    return ((0.9 * EASE + 0.1 * RNG.random((n, len(EASE)))) < share).astype(int).tolist()


def entries(weights, tuned=0.85, **ending):
    """The study's models with planted accuracies; `ending` is of those that need weights."""
    own = []
    for model, share in (("scratch", 0.6), ("probe", 0.7), ("finetune", tuned)):
        rest = {} if model == "scratch" else {"weights": weights, **ending}
        for lr in LEARNING_RATES:
            right = share if lr == 0.001 else share - 0.15
            own.append({"model": f"resnet18-{model}", "lr": lr, "hits": hits(right, 2),
                        "val_acc": [right, right + 0.001], **rest})  # fmt: skip
    for max_iter, share in ((10_000, 0.7), (1, 0.5)):
        own.append({"model": "logistic-probe", "max_iter": max_iter, "hits": hits(share, 1),
                    "weights": weights, "val_acc": [share], **ending})  # fmt: skip
    return [*own, {"model": "xgboost", "hits": hits(0.78, 1), "val_acc": [0.78]}]


def plain(claims):
    return json.loads(json.dumps([asdict(claim) for claim in claims]))


CLAIMS = plain(BASELINES_CLAIMS)


def told(models_record, *arguments, **rest):
    trials = entries(*arguments, **rest)
    named = {e["weights"] for e in trials if "/" in (e.get("weights") or "")}
    claims = CLAIMS + plain(claims_of_weights(trials, dict.fromkeys(named, "0123")))
    record = models_record(trials, claims=claims)
    texts = study_answers(record, evaluate(record)).paragraphs
    for text in texts:
        assert text.endswith(".") and "  " not in text and "None" not in text
        assert not re.search(r"\bnan\b|[{}]|\(\)", text)
    return texts


def test_the_published_questions_are_answered(models_record):
    order, tuning, stopping, pretraining, rates = told(models_record, "imagenet")[:5]
    assert order.count("confirmed") == 4
    assert "fine-tuning wins" in tuning
    assert "stopping cost accuracy" in stopping
    assert "pretext" not in stopping, "nobody asked for it"
    assert "it helps" in pretraining
    assert rates.count("best at lr 0.001") == 3
    assert "that it is lr 0.001 holds" in rates


def test_what_starts_from_the_pretext_task_is_not_taken_for_imagenet(models_record):
    order, tuning, _, _, rates = told(models_record, "pretext", tuned=0.6)[:5]
    assert "can be said from this record: no trial with model resnet18-finetune" in order
    assert "The fine-tuned ResNet-18 (pretext) scores" in order
    for text in (order, tuning):
        assert "Of the fine-tuned ResNet-18 (ImageNet) this cannot be said" in text
    assert "The fine-tuned ResNet-18 (ImageNet): this cannot be said" in rates
    assert "it does not win by as much as would matter" in order
    assert "The fine-tuned ResNet-18 (pretext) scores" in tuning
    assert "fine-tuning does not win" in tuning


def test_a_file_of_weights_is_a_model_of_its_own_called_by_its_name(models_record):
    texts = told(models_record, "/shared/faces-body.pth")
    for i, answer in enumerate(("fine-tuning wins", "stopping cost", "it helps"), start=1):
        assert answer in texts[i] and "(faces-body.pth" in texts[i]
    assert "best at lr 0.001" in texts[4] and texts[4].count("(faces-body.pth)") == 2


def test_missing_weights_are_the_reason_that_is_given(models_record):
    texts = told(models_record, "imagenet", **FAILED)
    assert "none of the 5 trials" in texts[0] and "(5 failed)" in texts[0]
    assert "XGBoost scores" in texts[0], "what needs no weights is answered"
    assert "best at lr 0.001" in texts[4]
