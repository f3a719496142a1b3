"""Candidates: httpd configurations that a user brings, made ready to run in the testbed.

The way through this package: ``source`` reads the user's files, ``adapt``
replaces in a copy what cannot be had here, by ``rules``; ``frame`` says what
stands around the copy; ``httpd`` asks httpd itself what it makes of it;
``shape`` says what that is in the words of cells; ``subject`` is the candidate
as a cell. ``prepare`` goes all the way. ``changes`` are the single changes that
``heartbed.mend`` tries beside it. Nothing here writes to a file of the user's.
"""
