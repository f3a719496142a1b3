"""Makes ready what a run stands on: the images.

Docker itself, the base image and the Python environment come before any
Python, and so are the business of the scripts in ``scripts/``.
"""

from heartbed.setup.catalogue import specs
from heartbed.setup.images import ImageRef, ImageSpec, ensure_images

__all__ = ["ImageRef", "ImageSpec", "ensure_images", "specs"]
