import dataclasses
import hashlib
import sys

import pytest
import torch

from search_spaces import STUDIES
from sweepbook import ASHA, Fidelity, Metric, Option, Study
from sweepbook.plan.options import Options
from sweepbook.plan.plan import UnfitData, make_plan
from sweepbook.plan.plans import make_plans
from sweepbook.plan.studies import load_studies


def toy(toy_file, **changes):
    return dataclasses.replace(load_studies([str(toy_file)])[0], **changes)


def test_every_declared_study_binds_to_its_trainable_and_data():
    plans = [make_plan(study, Options()) for study in STUDIES.values()]
    assert len(plans) >= 5
    assert any(plan.search for plan in plans)
    for plan in plans:
        assert plan.n_trials == plan.study.n_trials
        if plan.search:
            assert not plan.trials, "they are suggested later"
            continue
        assert len(plan.trials) == len(plan.study.configs())
        sizes = {t.n_replicates for t in plan.trials}
        assert sizes <= {1, plan.study.replicates} and plan.study.replicates in sizes
        if plan.study.stacked:
            n = plan.study.replicates
            assert all(t.config["replicates"] == t.n_replicates == n for t in plan.trials)
        costs = [t.cost_s for t in plan.trials]
        assert costs == sorted(costs, reverse=True), "longest first"


def test_the_studies_have_the_published_trials():
    trials = {name: len(make_plan(s, Options()).trials) for name, s in STUDIES.items()}
    assert trials["learning-rate"] == 4
    assert trials["epochs"] == 1
    assert trials["batch-norm"] == 2
    assert trials["batch-size"] == 7
    assert trials["architecture"] == 7


def test_studies_share_the_identical_trial():
    (epochs,) = make_plan(STUDIES["epochs"], Options()).trials
    batch_norm = make_plan(STUDIES["batch-norm"], Options()).trials
    assert epochs.trial_id in {t.trial_id for t in batch_norm}


def test_trial_id_is_of_config_seed_and_data_alone(toy_file, tmp_path):
    ids = {t.trial_id for t in make_plan(toy(toy_file), Options()).trials}
    reverse = toy(toy_file, name="other", grid={"slope": (2.0, 1.0)}, question="?")
    assert {t.trial_id for t in make_plan(reverse, Options()).trials} == ids
    for changed in ({"seed": 1}, {"replicates": 3}, {"epochs": 4}):
        assert not ids & {t.trial_id for t in make_plan(toy(toy_file), Options(**changed)).trials}


def test_trial_id_names_the_data_by_content_not_by_place(tmp_path, write_cities):
    sizes = {"train": 200, "validation": 50, "test": 50}
    folders = [write_cities(tmp_path / name, sizes) for name in ("one", "two")]
    study = STUDIES["epochs"]
    (one,) = make_plan(study, Options(data=str(folders[0]))).trials
    (two,) = make_plan(study, Options(data=str(folders[1]))).trials
    assert one.trial_id == two.trial_id
    assert one.config["data"] != two.config["data"]
    assert one.trial_id != make_plan(study, Options()).trials[0].trial_id


@pytest.mark.parametrize(
    "options, fidelities",
    [
        (Options(), {3}),
        (Options(epochs=7), {7}),
        (Options(scale=2), {6}),
        (Options(scale=0.01), {1}),
    ],
)
def test_epochs_and_scale_set_the_fidelity(toy_file, options, fidelities):
    plan = make_plan(toy(toy_file), options)
    assert {t.max_fidelity for t in plan.trials} == fidelities
    assert {t.config["rounds"] for t in plan.trials} == fidelities


def test_a_setting_that_makes_configs_equal_leaves_one_trial(toy_file):
    (trial,) = make_plan(toy(toy_file), Options(settings={"slope": 5.0})).trials
    assert trial.config["slope"] == 5.0


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"lrr": 0.1}, "no setting 'lrr': did you mean lr"),
        ({"lr": -1.0}, "lr must lie in .* got -1.0"),
        ({"batch_size": 1}, "batch_norm needs batch_size >= 2"),
        ({"depth": "six"}, "depth must be a whole number, got 'six'"),
        ({"seed": 3}, "use --seed"),
    ],
)
def test_bad_settings_are_named_before_anything_starts(settings, message):
    with pytest.raises(ValueError, match=message):
        make_plan(STUDIES["batch-norm"], Options(settings=settings))
    assert make_plan(STUDIES["batch-norm"], Options(settings={"lr": 0.01})).trials


@pytest.mark.parametrize(
    "options, message",
    [
        ({"replicates": 0}, "--replicates must be at least 1, got 0"),
        ({"seed": -1}, "--seed must be at least 0, got -1"),
        ({"epochs": 0}, "--epochs must be at least 1, got 0"),
        ({"scale": 0.0}, "--scale .* got 0.0"),
        ({"scale": 0.5, "epochs": 3}, "--epochs or --scale"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        Options(**options)


def test_data_for_a_study_without_data_is_refused(toy_file, tmp_path):
    with pytest.raises(ValueError, match="toy takes no --data"):
        make_plan(toy(toy_file), Options(data=str(tmp_path)))


def test_data_for_a_config_without_a_field_for_it_is_refused(counted, tmp_path):
    described = dataclasses.replace(counted, data=f"{counted.trainable.split(':')[0]}:n_evals")
    with pytest.raises(ValueError, match="takes no --data, .*Config has no field 'data'"):
        make_plan(described, Options(data=str(tmp_path)))


def test_missing_data_is_named(tmp_path):
    with pytest.raises(ValueError, match="nowhere"):
        make_plan(STUDIES["epochs"], Options(data=str(tmp_path / "nowhere")))


def test_replicates_of_a_config_without_seed_are_refused(tmp_path, monkeypatch):
    (tmp_path / "seedless_study.py").write_text(
        "import dataclasses\n"
        "@dataclasses.dataclass(frozen=True)\n"
        "class Config:\n    rounds: int = 1\n"
        "def train(config: Config):\n    yield {'round': 1, 'val_acc': 0.5}\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    study = Study(
        name="seedless",
        question="?",
        trainable="seedless_study:train",
        metric=Metric("val_acc", "max"),
        fidelity=Fidelity("round", "rounds"),
    )
    with pytest.raises(ValueError, match="no field 'seed'"):
        make_plan(study, Options())
    assert make_plan(study, Options(replicates=1)).trials


def test_a_study_without_its_fidelity_setting_is_refused(toy_file):
    with pytest.raises(ValueError, match="'rounds'.* whole number .* got None"):
        make_plan(toy(toy_file, fixed={}), Options())


def test_a_declared_setting_that_the_config_lacks_is_named():
    study = dataclasses.replace(STUDIES["epochs"], fixed={"epochs": 3, "bach_norm": True})
    with pytest.raises(ValueError, match="sets 'bach_norm'.* did you mean batch_norm"):
        make_plan(study, Options())


def test_a_gpu_is_reserved_where_the_config_asks_for_one():
    assert make_plan(STUDIES["epochs"], Options()).trials[0].gpus == 0
    plan = make_plan(STUDIES["epochs"], Options(settings={"device": "cuda"}))
    assert plan.trials[0].gpus == 1


def by_model(plan):
    return {t.config["model"]: t for t in plan.trials}


@pytest.mark.parametrize(
    "options, net, epochs",
    [
        (Options(), 4, 1),
        (Options(epochs=3), 12, 3),
        (Options(scale=2.5), 12, 3),
        (Options(scale=0.1), 4, 1),
    ],
)
def test_a_count_makes_fidelity_of_the_setting_where_it_has_a_meaning(
    counted, options, net, epochs
):
    trials = by_model(make_plan(counted, options))
    assert trials["net"].max_fidelity == net
    assert trials["net"].config["epochs"] == epochs
    untouched = by_model(make_plan(counted, Options()))["trees"]
    assert trials["trees"] == untouched
    assert untouched.max_fidelity == 7


def test_rungs_are_bound_by_the_count(counted):
    plan = make_plan(dataclasses.replace(counted, scheduler=ASHA(max_t=6)), Options(epochs=3))
    assert by_model(plan)["net"].max_fidelity == 6
    assert plan.study.scheduler.max_t == 6
    unbound = make_plan(dataclasses.replace(counted, scheduler=ASHA()), Options(epochs=3))
    assert unbound.study.scheduler.max_t == 12


def test_without_its_scheduler_a_study_trains_the_same_trials_to_their_end(counted):
    stopped = dataclasses.replace(counted, scheduler=ASHA(grace_period=2))
    asked = make_plan(stopped, Options(epochs=3, scheduler=False))
    assert asked.study.scheduler is None
    with_it = make_plan(stopped, Options(epochs=3))
    assert [t.trial_id for t in asked.trials] == [t.trial_id for t in with_it.trials]


def test_a_single_trial_gets_one_replicate(counted):
    plan = make_plan(counted, Options(replicates=4))
    assert {m: t.n_replicates for m, t in by_model(plan).items()} == {"net": 4, "trees": 1}
    assert plan.n_replicates == 4
    more = make_plan(counted, Options(replicates=5))
    assert by_model(more)["trees"] == by_model(plan)["trees"], "the same trial, whatever N"


def test_a_stacked_single_trial_is_told_its_one_replicate(toy_file, monkeypatch):
    study = dataclasses.replace(toy(toy_file), stacked=True, single=f"{toy_file.stem}:first")
    monkeypatch.setattr(sys.modules[toy_file.stem], "first", _is_first, raising=False)
    trials = {t.config["slope"]: t for t in make_plan(study, Options()).trials}
    assert (trials[1.0].n_replicates, trials[1.0].config["replicates"]) == (1, 1)
    assert (trials[2.0].n_replicates, trials[2.0].config["replicates"]) == (2, 2)


def _is_first(config):
    return config["slope"] == 1.0


def test_a_count_that_is_no_count_is_refused(counted, monkeypatch):
    module = sys.modules[counted.trainable.split(":")[0]]
    monkeypatch.setattr(module, "n_evals", lambda config: 0)
    with pytest.raises(ValueError, match="n_evals .* evals, .*>= 1, got 0"):
        make_plan(counted, Options())


def test_optional_settings_reach_the_studies_that_have_them(counted):
    settings = {"weights": "pretext", "skip_corrupt": True}
    plan = make_plan(counted, Options(optional=settings))
    assert all(t.config["weights"] == "pretext" for t in plan.trials)
    assert all(t.config["skip_corrupt"] is True for t in plan.trials)
    with pytest.raises(ValueError, match="study epochs takes no --skip-corrupt and --weights"):
        make_plan(STUDIES["epochs"], Options(optional=settings))
    left = make_plan(STUDIES["epochs"], Options(optional=settings, everywhere=False))
    assert left.trials == make_plan(STUDIES["epochs"], Options()).trials


def test_an_option_for_a_setting_that_the_config_lacks_is_refused(counted):
    study = dataclasses.replace(counted, options=(Option("wieghts", "text", "Start."),))
    with pytest.raises(ValueError, match="option --wieghts, but its trainable's config has no"):
        make_plan(study, Options())


def test_a_file_that_a_setting_names_counts_by_its_content(counted, tmp_path):
    def trials(name, content):
        path = tmp_path / name
        path.write_bytes(content)
        plan = make_plan(counted, Options(optional={"weights": str(path)}))
        assert plan.files == {str(path): hashlib.sha256(content).hexdigest()}
        return {t.trial_id for t in plan.trials}

    assert trials("one.pth", b"weights") == trials("two.pth", b"weights")
    assert not trials("one.pth", b"weights") & trials("one.pth", b"other")
    assert make_plan(counted, Options()).files == {}


def test_all_leaves_out_what_reads_other_data_and_says_so(city_folder):
    studies, said = [STUDIES["epochs"], STUDIES["pretext"]], []
    options = Options(data=str(city_folder), everywhere=False)
    assert [p.study.name for p in make_plans(studies, options, said.append)] == ["epochs"]
    assert len(said) == 1 and "pretext (" in said[0] and "train" in said[0]
    with pytest.raises(UnfitData):
        make_plans(studies, Options(data=str(city_folder)), said.append)
    with pytest.raises(ValueError, match="--data nowhere .* epochs .*; pretext"):
        make_plans(studies, Options(data="nowhere", everywhere=False), said.append)


def test_under_all_a_setting_goes_to_those_who_have_it(toy_file):
    studies = [STUDIES["epochs"], toy(toy_file)]

    def plans(**settings):
        return make_plans(studies, Options(settings=settings, everywhere=False), print)

    epochs, own = plans(batch_size=64)
    assert {t.config["batch_size"] for t in epochs.trials} == {64}
    assert all("batch_size" not in t.config for t in own.trials)
    with pytest.raises(ValueError, match="no .* setting 'batchsize'.*batch_size"):
        plans(batchsize=64)
    with pytest.raises(ValueError, match="study toy has no setting 'batch_size'"):
        make_plans(studies, Options(settings={"batch_size": 64}), print)


def test_a_file_of_weights_brings_claims_of_its_own(tmp_path):
    from trainables.nets.resnet_body import body_state, build_resnet18

    file = tmp_path / "body.pth"
    torch.save(body_state(build_resnet18(0)), file)
    study = STUDIES["vision-baselines"]
    declared = {claim.name for claim in study.claims}
    plan = make_plan(study, Options(optional={"weights": str(file)}))
    assert {claim.name for claim in plan.study.claims} > declared
    new = [claim for claim in plan.study.claims if claim.name not in declared]
    asked = {arm["weights"] for claim in new for arm in claim.arms if "weights" in arm}
    assert asked == {str(file)} == {t.config["weights"] for t in plan.trials} - {None}
    assert make_plan(study, Options()).study.claims == study.claims


@pytest.mark.parametrize("where", ["grid", "fixed", "points"])
@pytest.mark.parametrize("key", ["seed", "replicates"])
def test_settings_that_every_trial_is_given_are_refused_by_name(toy_file, where, key):
    values = {"grid": {key: (0, 1)}, "fixed": {key: 42, "rounds": 3}, "points": ({key: 1}, {})}
    with pytest.raises(ValueError, match=f"study toy sets '{key}', which every trial is given"):
        make_plan(toy(toy_file, **{where: values[where]}), Options())


def test_data_is_a_setting_like_any_other_where_nobody_describes_it(toy_file):
    study = toy(toy_file, grid={"data": ("a", "b", "c"), "slope": (1.0,)})
    plan = make_plan(study, Options())
    assert len({trial.trial_id for trial in plan.trials}) == 3
    described = dataclasses.replace(study, data=f"{toy_file.stem}:describe")
    module = sys.modules[toy_file.stem]
    module.describe = lambda config: {"name": "d", "path": None, "sha256": "0", "rows": {}}
    with pytest.raises(ValueError, match="varies 'data', but its function .* describes one data"):
        make_plan(described, Options())


@pytest.mark.parametrize("values", [(0.1, 1e-1), ("a", "b", "a"), ([1], (1,))])
def test_a_config_that_is_listed_twice_is_refused(toy_file, values):
    with pytest.raises(ValueError, match="study toy lists a config twice"):
        make_plan(toy(toy_file, grid={"slope": values}), Options())


def test_a_long_config_that_is_listed_twice_is_told_briefly(toy_file):
    long = {"x" * 300: ["a\nb" * 300]}
    with pytest.raises(ValueError, match="study toy lists a config twice: {'slope': 0.1") as told:
        make_plan(
            toy(toy_file, grid={"slope": (0.1, 0.1)}, fixed={**long, "rounds": 3}), Options()
        )
    assert len(str(told.value)) <= 400
    with pytest.raises(ValueError, match="study toy lists a config twice: {'xxx") as told:
        make_plan(toy(toy_file, grid={key: values * 2 for key, values in long.items()}), Options())
    assert len(str(told.value)) <= 400


@pytest.mark.parametrize("name", ["trial_id", "replicate", "state", "predictions", "times"])
def test_names_with_a_meaning_are_refused_where_they_are_declared(toy_file, name):
    with pytest.raises(ValueError, match=f"metric of study toy cannot be called '{name}'"):
        make_plan(toy(toy_file, metric=Metric(name, "max")), Options())
    for unit in (name, "mean", "val_acc"):
        with pytest.raises(ValueError, match=f"unit of study toy cannot be called '{unit}'"):
            make_plan(toy(toy_file, fidelity=Fidelity(unit, "rounds")), Options())
