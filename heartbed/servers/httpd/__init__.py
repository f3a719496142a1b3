"""Configurations of Apache httpd with mod_wsgi.

``source`` reads the user's files, with ``macros`` written out and what stands
beside them (``express``). ``adapt`` replaces in a copy what cannot be had here,
by ``rules``; ``loading`` says which modules and which MPM they load; ``frame``
is what stands around the copy. ``dump`` reads what httpd itself makes of it,
``applications`` finds what it runs, ``inquiry`` asks the running httpd what is
in force for each, and ``choice`` takes one. ``shape`` says what that is in the
words of cells, ``findings`` what is odd about it; ``kind`` goes all the way.
``hosting`` are the single changes to it.
"""
