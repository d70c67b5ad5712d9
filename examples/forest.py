"""A study of one's own: how deep should the trees of a forest on the digits be?

sweepbook run examples/forest.py
sweepbook report records/forest
"""

from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

from sweepbook import Fidelity, Metric, Study


def train_forest(config):
    """Yields the validation accuracy as trees are added, ten to a round."""
    x, y = load_digits(return_X_y=True)
    x_train, x_val, y_train, y_val = train_test_split(x, y, random_state=config["seed"])
    forest = RandomForestClassifier(
        max_depth=config["max_depth"], warm_start=True, random_state=config["seed"]
    )
    for number in range(1, config["rounds"] + 1):
        forest.set_params(n_estimators=10 * number).fit(x_train, y_train)
        yield {"round": number, "val_acc": forest.score(x_val, y_val)}


FOREST = Study(
    name="forest",
    question="How deep should the trees be?",
    trainable="forest:train_forest",
    packages=["scikit-learn"],  # whose version can change a number
    metric=Metric("val_acc", "max"),
    fidelity=Fidelity("round", "rounds"),
    grid={"max_depth": (2, 4, 8, 16)},
    fixed={"rounds": 5},
    figures=({"kind": "curves", "name": "forest", "metrics": ["val_acc"], "by": ["max_depth"]},),
)
