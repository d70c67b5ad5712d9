"""What is wrong with a study's training code, as far as it can be seen before it runs."""

from sweepbook.doors import estimator, function, objective, program
from sweepbook.doors.signature import signature_problems
from sweepbook.plan.plan import Plan
from sweepbook.study.forms.estimator import Estimator
from sweepbook.study.forms.program import Program


def door_problems(plan: Plan) -> list[str]:
    """Returns a sentence for each thing that will not work, with what to write instead."""
    trainable = plan.study.trainable
    if isinstance(trainable, Program):
        return program.problems(trainable, plan)
    if isinstance(trainable, Estimator):
        return estimator.problems(trainable, plan)
    return (
        objective.problems(trainable)
        or function.problems(trainable, plan)
        or signature_problems(trainable, plan)
    )
