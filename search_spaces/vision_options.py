"""The options that the studies of images add to the command line."""

from sweepbook import Option

WEIGHTS = Option(
    "weights",
    "name_or_file",
    "Pretrained weights of ResNet-18: imagenet (the default), pretext, or a file "
    "with a state dict of torchvision's resnet18.",
)
SKIP_CORRUPT = Option(
    "skip_corrupt",
    "flag",
    "Leave out image files that are damaged or not RGB; the record lists them.",
)
