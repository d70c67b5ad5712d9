"""What a pass of images through a model costs: measured, and good to a factor of two.

The numbers order the trials of a study and estimate its length, nothing else.
"""

from trainables.vision_config import EMBEDDED_SIZE

# Core seconds; an image of 64 x 64 pixels.
PASS_S = 0.0033  # through ResNet-18 and no way back
TREE_S = 6.5e-4  # an image in a boosting round
START_S = 5.0  # imports and data


def pass_s(size: int | None) -> float:
    """Returns roughly the core seconds of an image's pass through ResNet-18.

    size: the image's side in pixels; None: that of the embedded images.
    """
    return PASS_S * ((size or EMBEDDED_SIZE) / EMBEDDED_SIZE) ** 2
