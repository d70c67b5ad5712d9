"""What stands at the end of each command's help: examples."""

_OWN_OPTIONS = "A study may have options of its own: sweepbook show STUDY lists them."


def examples(*lines: str, after: str = "") -> str:
    """Returns the end of a command's help: its examples, one a line, and what comes after."""
    shown = "\n".join(["\b", "Examples:", *(f"  sweepbook {line}" for line in lines)])
    return f"{shown}\n\n{after}" if after else shown


START = examples(
    "run my_study.py          # train the study in that file",
    "report records/my-study  # write report/report.html",
    "COMMAND --help           # show the options of a command",
)
OF_SHOW = examples(
    "show my_study.py",
    "show my_study.py --epochs 200 --replicates 5",
    after=_OWN_OPTIONS,
)
OF_TRY = examples(
    "try my_study.py",
    "try my_study.py --set rate=0.01 --steps 2",
    after=_OWN_OPTIONS,
)
OF_RUN = examples(
    "run my_study.py --replicates 5",
    "run my_study.py --set rate=0.01 --scale 0.1",
    "run --resume records/my-study",
    "run --resume records/my-study --replicates 10",
    after=_OWN_OPTIONS,
)
OF_DECIDE = examples(
    "decide records/my-study",
    "decide records/my-study --budget 30m",
    "decide records/my-study --looks 5,10,20,40",
    "decide records/my-study-decide   # continue",
)
OF_CONFIRM = examples(
    "confirm records/my-search --seed 1 --by depth,width",
    "confirm records/my-grid --seed 1 --top 3",
)
OF_VERIFY = examples("verify records/my-study --trials 3")
OF_LOGS = examples("logs records/my-study", "logs records/my-study 3fa9 --tail 20")
OF_REPORT = examples(
    "report records/my-study",
    "report records/* --out report",
    "report records/my-study --repeat records/my-study-seed-1",
    "report records/my-study --claims my_study.py",
    "report records/my-study --latex",
)
OF_COMPARE = examples(
    "compare records/my-study records/my-study-2",
    "compare records/my-study records/my-study-2 --out comparison",
)
OF_EXPORT = examples("export records/my-study --best model")
OF_REPLAY = examples(
    "replay records/my-study",
    "replay records/my-study --margin 0.005",
    "replay records/my-study --grace-period 3 --workers 4 --workers 64",
)
