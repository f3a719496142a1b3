"""The script that a server runs: the real cinder-api, started as its own scripts start it, behind the testbed's front.

cinder's entry for WSGI servers patches nothing. Where a cell asks for eventlet nevertheless, this script does what
cinder's own server, ``cinder.cmd.api``, does first. Which way cinder is started is written into the image.
"""

import os
import sys

from wsgi_app import natives  # noqa: F401  before anything patches: it keeps the real functions

if os.environ.get("HEARTBED_MODEL") == "eventlet":
    os.environ["EVENTLET_NO_GREENDNS"] = "yes"  # as cinder has it, whatever it is asked
    import eventlet

    eventlet.monkey_patch()

del sys.argv[1:]  # cinder takes the command line of its process for its own, whatever server that belongs to

if os.environ["HEARTBED_ENTRY"] == "module":
    from cinder.wsgi.api import application as cinder
else:
    import threading

    from cinder.wsgi.wsgi import initialize_application

    lock = threading.Lock()  # as in cinder-wsgi, which pbr makes
    with lock:
        cinder = initialize_application()

from wsgi_app import front, handler, identity  # noqa: E402  after cinder, which may have been patched

application = handler.told_its_path(front.stand_before(identity.Admin(cinder), "cinder", ("cinder",)))
handle_request = handler.as_handler(application)
