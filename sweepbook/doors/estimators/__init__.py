"""What the door for estimators of scikit-learn needs; see doors/estimator.py."""
