"""The plans of all studies of a command."""

import difflib
from collections.abc import Callable, Mapping, Sequence

from sweepbook.plan.options import Options
from sweepbook.plan.plan import Plan, UnfitData, make_plan
from sweepbook.study.forms.program import Program
from sweepbook.study.forms.trainable import trainable_key
from sweepbook.study.study import Study


def make_plans(
    studies: Sequence[Study], options: Options, say: Callable[[str], object]
) -> list[Plan]:
    """Returns the plan of each study, and says the warnings of their data, each once.

    Where the options need not fit everywhere ("all" was asked for), studies that cannot use the
    data are left out, which is said, and a setting goes to those studies that have it.

    Raises:
        ValueError: as `make_plan`; or no study can use the data, or none has a setting.
    """
    if options.everywhere:
        plans = [make_plan(study, options) for study in studies]
    else:
        plans = _fitting_plans(studies, options, say)
    _check_programs(plans)
    for line in dict.fromkeys(line for plan in plans for line in _warnings(plan)):
        say(line)
    return plans


def _check_programs(plans: Sequence[Plan]) -> None:
    """Checks that studies of one command do not share trials of different programs.

    Raises:
        ValueError: two studies have the same command in different folders.
    """
    folders: dict[str, str] = {}
    for program in (plan.study.trainable for plan in plans):
        if not isinstance(program, Program):
            continue
        folder = str(program.folder)
        first = folders.setdefault(repr(trainable_key(program)), folder)
        if first != folder:
            raise ValueError(
                f"two studies of this command run {program.text!r}, one in {first} and one in "
                f"{folder}: run the studies in separate commands"
            )


def _warnings(plan: Plan) -> list[str]:
    """What the card of the data warns of."""
    card = plan.data.get("card")
    warnings = card.get("warnings") if isinstance(card, Mapping) else None
    return [f"data {plan.data.get('name')}: {warning}" for warning in warnings or ()]


def _fitting_plans(
    studies: Sequence[Study], options: Options, say: Callable[[str], object]
) -> list[Plan]:
    """The plans of those studies that the options fit."""
    plans: list[Plan] = []
    refused: dict[str, list[str]] = {}
    for study in studies:
        try:
            plans.append(make_plan(study, options))
        except UnfitData as error:
            refused.setdefault(str(error), []).append(study.name)
    reasons = "; ".join(f"{', '.join(names)} ({why})" for why, names in refused.items())
    if not plans:
        raise ValueError(f"--data {options.data} fits none of the studies: {reasons}")
    if refused:
        say(f"left out, because these studies cannot read --data {options.data}: {reasons}")
    known = sorted({key for plan in plans for key in plan.a_config})
    for key in (key for key in (*options.settings, *options.optional) if key not in known):
        near = difflib.get_close_matches(key, known, cutoff=0.4) or known
        raise ValueError(f"no named study has a setting {key!r}: did you mean {', '.join(near)}?")
    return plans
