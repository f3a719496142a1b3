"""gunicorn, with its sync or its gthread workers, and users' configurations of it, which are Python.

``conf`` finds in a file where a setting stands, ``settings`` has gunicorn itself
say what is in force, ``rules`` replaces in a copy what cannot be had here;
``hosting`` are the single changes to it, and ``kind`` goes all the way.
"""
