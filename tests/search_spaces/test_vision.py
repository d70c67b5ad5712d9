import pytest

from search_spaces.vision import MODELS, VISION_BASELINES
from search_spaces.vision_claims import BASELINES_CLAIMS, LEARNING_RATES, claims_of_weights

NETS = ("resnet18-scratch", "resnet18-probe", "resnet18-finetune")


def with_weights(config, weights):
    """The config as the trainable completes it: what needs no weights has none."""
    needs = config["model"] not in ("resnet18-scratch", "xgboost")
    return {**config, "weights": weights} if needs else config


def fits(settings, config):
    return all(config.get(key) == value for key, value in settings.items())


def test_a_learning_rate_is_swept_where_there_is_one():
    configs = VISION_BASELINES.configs()
    assert len(configs) == 3 * 5 + 2 + 1
    for net in NETS:
        assert [c["lr"] for c in configs if c["model"] == net] == list(LEARNING_RATES)
    others = [c for c in configs if c["model"] not in NETS]
    assert all("lr" not in c for c in others)
    assert sorted(c["max_iter"] for c in others if "max_iter" in c) == [1, 10_000]
    assert VISION_BASELINES.scheduler is None


@pytest.mark.parametrize("weights", ["imagenet", "pretext", "/data/body.pth"])
def test_every_arm_of_a_claim_is_trained_with_its_weights_and_no_other(weights):
    configs = [with_weights(config, weights) for config in VISION_BASELINES.configs()]
    asked = 0
    files = {weights: "0123"} if "/" in weights else {}
    for claim in (*BASELINES_CLAIMS, *claims_of_weights(configs, files)):
        sources = {arm["weights"] for arm in claim.arms if "weights" in arm}
        assert len(sources) <= 1, "ImageNet and the pretext task are never one model"
        if sources <= {weights}:
            asked += 1
            for arm in claim.arms:
                n = sum(fits(arm, config) for config in configs)
                assert n == (5 if claim.best_by and arm["model"] in NETS else 1)
    assert asked >= 8


def test_every_source_of_weights_has_claims_of_its_own_and_imagenet_no_second_ones():
    def claims(*sources, **files):
        configs = [{"model": "resnet18-finetune", "weights": weights} for weights in sources]
        return claims_of_weights(configs, files)

    assert claims("imagenet", None) == ()
    assert claims("/a", "/a", **{"/a": "f37072fd0123"}) == (), "torchvision's own file"
    files = claims("/a", "/b", "/a", **{"/a": "01", "/b": "02"})
    pretext = claims("pretext")
    assert len(files) == 2 * len(pretext) == 2 * 7
    names = [claim.name for claim in (*BASELINES_CLAIMS, *files, *pretext)]
    assert len(set(names)) == len(names)


def test_labels_say_which_weights_a_model_starts_from():
    pretext = claims_of_weights([{"weights": "pretext"}], {})
    for claim in (*BASELINES_CLAIMS, *pretext):
        for arm, label in zip(claim.arms, claim.labels, strict=True):
            if claim.best_by and arm.get("weights"):
                assert ("ImageNet" in label) == (arm["weights"] == "imagenet")
                assert ("pretext" in label) == (arm["weights"] == "pretext")


def test_every_published_statement_is_claimed():
    statements = {claim.statement for claim in BASELINES_CLAIMS if claim.statement}
    assert len(statements) == 3
    assert all(claim.statement or claim.reading for claim in BASELINES_CLAIMS)


def test_every_config_belongs_to_one_model_of_the_figures():
    for config in VISION_BASELINES.configs():
        assert sum(fits(model["where"], config) for model in MODELS) == 1
