"""Makes ready what a run stands on: the images.

Docker itself, the base image and the Python environment come before any
Python, and so are the business of the scripts in ``scripts/``.
"""

from heartbed.setup.build import ImageRef, ImageSpec, ensure_images
from heartbed.setup.images import images_for, specs

__all__ = ["ImageRef", "ImageSpec", "ensure_images", "images_for", "specs"]
