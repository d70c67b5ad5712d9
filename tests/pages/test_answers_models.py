import json
import re
from dataclasses import asdict

import numpy as np
import pytest

from search_spaces.vision_claims import (
    BASELINES_CLAIMS,
    LEARNING_RATES,
    claims_of_weights,
    source_name,
)
from sweepbook.findings.wording.limits import n_words
from sweepbook.pages.studies.claims import claims_of

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


def claims_about(models_record, *arguments, **rest):
    trials = entries(*arguments, **rest)
    named = {e["weights"] for e in trials if "/" in (e.get("weights") or "")}
    claims = CLAIMS + plain(claims_of_weights(trials, dict.fromkeys(named, "0123")))
    found = claims_of(models_record(trials, claims=claims))
    assert not found.problem
    for text in [*(one.text for one in found.headlines), *found.answers]:
        assert text.endswith(".") and "  " not in text and "None" not in text
        assert not re.search(r"\bnan\b|[{}]|\(\)", text)
    assert all(n_words(one.text) <= 25 for one in found.headlines)
    told = [*found.answers, *(one.sentence for one in found.declared_findings)]
    told += [one.text for one in found.missing] + [one.remedy for one in found.missing]
    for text in told:
        for one in re.split(r"(?<=[.?!…])\s+(?=[A-Z0-9“])", text):
            assert n_words(one) <= 30, one
    return found


def test_the_best_model_and_the_test_accuracies_are_told(models_record):
    found = claims_about(models_record, "imagenet")
    (headline,) = found.headlines
    assert headline.finding == "best-config" and "(ImageNet)" in headline.text
    text = " ".join(found.answers)
    assert "XGBoost scores" in text and "The fine-tuned ResNet-18 (ImageNet) scores" in text
    assert "pretext" not in text, "nobody asked for it"
    assert not found.missing


@pytest.mark.parametrize("weights", ["pretext", "/shared/faces-body.pth"])
def test_claims_about_other_weights_are_missing_once_with_their_remedy(models_record, weights):
    found = claims_about(models_record, weights)
    name = source_name(weights)
    assert f"The fine-tuned ResNet-18 ({name}) scores" in " ".join(found.answers)
    assert "ImageNet" not in " ".join(found.answers)
    (missing,) = found.missing
    assert missing.text == "11 claims are not available: no trial has weights imagenet."
    assert "WEIGHTS=imagenet" in missing.remedy


def test_failed_trials_are_the_reason_that_is_given_and_ask_for_no_weights(models_record):
    found = claims_about(models_record, "imagenet", **FAILED)
    assert any("(5 failed)" in one.text and not one.remedy for one in found.missing)
    assert "XGBoost scores" in found.answers[0], "what needs no weights is answered"
