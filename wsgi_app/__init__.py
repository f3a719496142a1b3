"""A WSGI application that does to RabbitMQ what nova-api does, and tells what it is in fact.

Nothing is imported here: the entry point, ``wsgi_app/wsgi.py``, must be free to
monkey-patch before anything else is loaded.
"""
