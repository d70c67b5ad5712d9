"""The studies: what to ask. `STUDIES` maps the name of each study to its value."""

from search_spaces.mlp_studies import MLP_STUDIES
from search_spaces.study import Fidelity, Metric, Study

STUDIES: dict[str, Study] = {study.name: study for study in MLP_STUDIES}

__all__ = ["STUDIES", "Fidelity", "Metric", "Study"]
