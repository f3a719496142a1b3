"""Candidates: configurations that a user brings, made ready to run in the testbed.

One package a kind of configuration: ``httpd``, ``uwsgi``. ``kinds`` tells them
apart; ``prepared`` says what a kind must be able to. Around them: ``source`` and
``adapted`` are the user's files and what is replaced in the copy; ``wishes``
what is said beside the files; ``container`` asks the server itself; ``subject``
is the candidate as a cell; ``changes`` are the single changes that
``heartbed.studies.mend`` tries beside it. Nothing here writes to a file of the user's.
"""
