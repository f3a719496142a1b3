"""A module beside a user's WSGI script."""

TEXT = b"used"
