"""Makes docs/gallery.md anew: runs the commands that it names, and keeps the reports they write.

    python docs/tools/make_gallery.py [NAME...] [--exercise RECORDS]

NAME: only these reports are made anew. RECORDS: a folder with records of the exercise's studies,
which are then reported as they are; they must be called as the studies are, and those of a second
seed seed-1-STUDY. Without it the studies are trained, which takes hours. The pictures of the first
screens need Chromium on the PATH.
"""

import argparse
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from gallery_page import ENTRIES, EXERCISE, page
from PIL import Image

DOCS = Path(__file__).resolve().parents[1]
ROOT, GALLERY = DOCS.parent, DOCS / "gallery"
SIZE = "1280,900"  # pixels of a first screen
LARGE = 20_000  # bytes of a table
COLOURS = 64


def main(names, exercise):
    GALLERY.mkdir(exist_ok=True)
    for entry in ENTRIES:
        if names and entry.name not in names:
            continue
        with tempfile.TemporaryDirectory() as folder:
            report = make(entry, Path(folder), exercise if entry is EXERCISE else None)
            keep(entry, report)
    (DOCS / "gallery.md").write_text(page(), encoding="utf-8")


def make(entry, folder, records):
    """Runs an entry's commands in a copy of its project; with records, its report alone.

    Returns the report's folder.
    """
    if entry.example:
        shutil.copytree(ROOT / "examples" / entry.example, folder, dirs_exist_ok=True)
    else:
        for package in ("search_spaces", "trainables", "analysis"):
            shutil.copytree(ROOT / package, folder / package)
        shutil.copy(ROOT / "pyproject.toml", folder)
    if records is not None:
        (folder / "records").symlink_to(records.resolve())
    for command in entry.commands:
        arguments = shlex.split(command)[1:]
        if records is None or arguments[0] == "report":
            print(command, flush=True)
            subprocess.run([sys.executable, "-m", "sweepbook", *arguments], cwd=folder, check=True)
    return folder / "report"


def keep(entry, report):
    """The page of a report and a picture of its first screen; of the exercise all but SVGs."""
    shutil.copyfile(report / "report.html", GALLERY / f"{entry.name}.html")
    if entry is EXERCISE:
        keep_whole(report)
    picture = f"--screenshot={GALLERY / entry.name}.png"
    browser = ["chromium", "--headless=new", "--no-sandbox", "--hide-scrollbars"]
    url = (report / "report.html").resolve().as_uri()
    subprocess.run([*browser, f"--window-size={SIZE}", picture, url], check=True)


def keep_whole(report):
    """The report in docs/report without its drawings as SVG and its larger tables.

    The drawings as PNG get fewer colours, so that all of it stays below 5 MB.
    """
    kept = DOCS / "report"
    (GALLERY / f"{EXERCISE.name}.html").unlink()
    for path in [*kept.rglob("*.*")]:
        if path.suffix != ".json":  # of manifests
            path.unlink()
    for path in report.rglob("*.*"):
        is_large = path.suffix == ".csv" and path.parent != report and path.stat().st_size > LARGE
        if path.suffix == ".svg" or is_large:
            continue
        to = kept / path.relative_to(report)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to)
        if path.suffix == ".png":
            with Image.open(path) as picture:
                few = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
            few.save(to, optimize=True)
    text = (kept / "report.md").read_text(encoding="utf-8")
    (kept / "report.md").write_text(text.replace(".svg)", ".png)"), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--exercise", type=Path)
    given = parser.parse_args()
    main(given.names, given.exercise)
