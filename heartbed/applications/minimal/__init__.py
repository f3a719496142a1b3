"""Heartbed's own nova-api-like application, which every image has (``wsgi_app/``)."""
