"""Files of users: written, and with a study in them."""

import textwrap


def write(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))


STUDY = """
    from sweepbook import Fidelity, Metric, Study

    OWN = Study(
        name="NAME", question="?", trainable="TRAINABLE", metric=Metric("val_acc", "max"),
        fidelity=Fidelity("round", "rounds"), fixed={"rounds": 1},
    )
"""


def study_file(name, trainable, first=""):
    return f"{first}\n" + textwrap.dedent(STUDY.replace("NAME", name)).replace(
        "TRAINABLE", trainable
    )
