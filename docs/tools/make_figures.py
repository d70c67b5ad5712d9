"""Writes docs/figures.md and its pictures: every kind of figure, drawn of the studies of moons.py.

    python docs/tools/make_figures.py [RECORDS]

RECORDS: a folder for the records of the studies; where they are there already, they are drawn as
they are. Default: a new folder, which takes about two minutes.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from figures_page import EXAMPLES, page  # noqa: E402

from sweepbook import draw, load_record  # noqa: E402

PICTURES = HERE.parent / "images" / "figures"
STUDIES = {
    "NETS": "moons",
    "BATCHES": "moons-batches",
    "CHANCE": "moons-seeds",
    "SEARCH": "moons-search",
}


def main(records):
    run_all(records)
    PICTURES.mkdir(parents=True, exist_ok=True)
    tables = {}
    for kind, (record, spec) in EXAMPLES.items():
        drawn = draw(load_record(records / record), kind=kind, name=kind, **spec)
        if drawn.figure is None:
            tables[kind] = drawn.cells
            continue
        drawn.figure.savefig(PICTURES / f"{kind}.png", dpi=80, bbox_inches="tight")
        plt.close(drawn.figure)
    (HERE.parent / "figures.md").write_text(page(tables), encoding="utf-8")


def run_all(records):
    """Runs the studies whose records are missing, and confirms the search."""
    for name, study in STUDIES.items():
        if not (records / study).exists():
            sweepbook("run", f"{HERE / 'moons.py'}:{name}", "--storage", records)
    if not (records / "moons-search-confirm").exists():
        sweepbook("confirm", records / "moons-search", "--seed", "1")


def sweepbook(*arguments):
    subprocess.run([sys.executable, "-m", "sweepbook", *map(str, arguments)], check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()).resolve())
