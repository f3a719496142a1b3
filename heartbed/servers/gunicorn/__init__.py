"""gunicorn, with its sync or its gthread workers."""
