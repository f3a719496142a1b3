"""Configurations of uWSGI, as ini files.

``ini`` splits a file into options, ``source`` reads the user's files, ``adapt``
replaces in a copy what cannot be had here, by ``rules``; ``frame`` is the main
file around the copy, ``shape`` reads what uWSGI itself makes of it; ``prepare``
goes all the way. ``forms`` and ``keys`` are for files in other languages.
``hosting`` are the single changes to it.
"""
