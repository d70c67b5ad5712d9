"""The plans of all studies of a command."""

import difflib
from collections.abc import Callable, Mapping, Sequence

from sweepbook.plan.options import Options
from sweepbook.plan.plan import Plan, UnfitData, make_plan
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
    for line in dict.fromkeys(line for plan in plans for line in _warnings(plan)):
        say(line)
    return plans


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
