"""Configurations of Apache httpd with mod_wsgi.

``source`` reads the user's files, ``adapt`` replaces in a copy what cannot be
had here, by ``rules``; ``frame`` says what stands around the copy; ``dump``
reads what httpd itself makes of it; ``shape`` says what that is in the words of
cells; ``prepare`` goes all the way. ``hosting`` are the single changes to it.
"""
