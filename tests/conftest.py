"""What every test shares: a cache of its own, and small real data."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings

pytest_plugins = ["tests.records", "tests.studies"]

settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
settings.load_profile("untimed")

SIZES = {"train": 2001, "validation": 300, "test": 300}  # one row is over at batch sizes 16, 100


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that start a Ray go to one process, one after the other; the others go on beside."""
    for item in items:
        if item.get_closest_marker("ray"):
            item.add_marker(pytest.mark.xdist_group("ray"))


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test, nor a process that it starts, reads or writes the user's own cache and state."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("SWEEPBOOK_CACHE", str(folder))
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield folder


@pytest.fixture(scope="session")
def write_cities(own_cache: Path) -> Callable[[Path, dict[str, int]], Path]:
    """write_cities(folder, {split: n}): the first n embedded cities of each split, as CSV."""
    from trainables.cities.europe import load_splits

    def write(folder: Path, sizes: dict[str, int]) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name, part in load_splits().parts().items():
            n = sizes[name]
            columns = {"long": part.x[:n, 0], "lat": part.x[:n, 1], "country": part.y[:n]}
            frame = pd.DataFrame(columns, index=pd.Index(part.row_id[:n]))
            frame.to_csv(folder / f"{name}.csv")
        return folder

    return write


@pytest.fixture(scope="session")
def city_folder(
    tmp_path_factory: pytest.TempPathFactory,
    write_cities: Callable[[Path, dict[str, int]], Path],
) -> Path:
    """2,001, 300 and 300 cities in the exercise's format; 30 test points occur in train."""
    folder = write_cities(tmp_path_factory.mktemp("cities"), SIZES)
    train, test = (pd.read_csv(folder / f"{name}.csv", index_col=0) for name in ("train", "test"))
    pd.concat([train[:30], test[30:]]).to_csv(folder / "test.csv")
    return folder


@pytest.fixture(scope="session")
def write_pictures(own_cache: Path) -> Callable[..., Path]:
    """write_pictures(folder, {split: n per class}, side): fake ones dark on top, real ones below.

    So the classes can be told apart, and a picture from itself turned; noise keeps them distinct.
    """
    from PIL import Image

    def write(folder: Path, sizes: dict[str, int], side: int = 16) -> Path:
        random = np.random.default_rng(0)
        for split, n in sizes.items():
            for label, name in enumerate(("fake", "real")):
                (folder / split / name).mkdir(parents=True)
                for i in range(n):
                    pixels = random.integers(0, 120, (side, side, 3))
                    pixels[: side // 2] += 100 * label
                    pixels[:, : side // 2, 0] += 30
                    path = folder / split / name / f"{i}.png"
                    Image.fromarray(pixels.astype(np.uint8)).save(path)
        return folder

    return write


@pytest.fixture(scope="session")
def pictures(
    tmp_path_factory: pytest.TempPathFactory, write_pictures: Callable[..., Path]
) -> Path:
    """25 training pictures of a class (2 are over at batch size 8), 6 and 6 of the others."""
    sizes = {"train": 25, "val": 6, "test": 6}
    return write_pictures(tmp_path_factory.mktemp("pictures"), sizes)


@pytest.fixture(scope="session")
def weight_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state dict of ResNet-18 as torchvision writes them, 1000 outputs, weights of seed 1."""
    import torch
    from torchvision.models import resnet18

    path = tmp_path_factory.mktemp("weights") / "resnet18.pth"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        torch.save(resnet18(weights=None).state_dict(), path)
    return path


@pytest.fixture
def undisturbed_digest(tmp_path: Path) -> Iterator[Callable[[str | Path, int], str]]:
    """The digest of a study file's record where nothing happens: trained here, without Ray.

    The file's module is forgotten afterwards: the next test may have one of the same name.
    """
    from sweepbook.plan.manifest import new_manifest
    from sweepbook.plan.options import Options
    from sweepbook.plan.plan import make_plan
    from sweepbook.plan.studies import load_studies
    from sweepbook.record.load import load_record
    from sweepbook.record.writer import RecordWriter
    from sweepbook.tune.worker.run import Assignment, reports

    def train(name: str | Path, n_trials: int) -> str:
        (study,) = load_studies([str(tmp_path / name)])
        plan, folder = make_plan(study, Options()), tmp_path / "calm"
        writer = RecordWriter(folder, new_manifest(plan, Options(), [], []))
        for trial in plan.trials:
            for report in reports(Assignment(trial, [str(folder)], [])):
                writer.add_rows(trial.trial_id, report["rows"])
            writer.end_trial(trial.trial_id)
        assert writer.close() == {"finished": n_trials}
        return str(load_record(folder).manifest.record_digest)

    paths = list(sys.path)
    yield train
    sys.path[:] = paths
    for name, module in list(sys.modules.items()):
        if tmp_path in Path(getattr(module, "__file__", None) or "/").parents:
            del sys.modules[name]
