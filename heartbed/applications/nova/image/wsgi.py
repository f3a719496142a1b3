"""The script that a server runs: the real nova-api, started as its own scripts start it, behind the testbed's front.

The order of its lines is the experiment: nothing may be loaded before nova, which patches first, or decides not to.
Which way it is started is written into the image, because to try one would load modules.
"""

import os

from wsgi_app import natives  # noqa: F401  before nova patches: it keeps the real functions

if os.environ["HEARTBED_ENTRY"] == "module":
    from nova.wsgi.osapi_compute import application as nova
else:
    import threading

    from nova.api.openstack.compute.wsgi import init_application

    lock = threading.Lock()  # as in nova-api-wsgi, which pbr makes
    with lock:
        nova = init_application()

from wsgi_app import front, handler, identity

application = handler.told_its_path(front.stand_before(identity.Admin(nova), "nova", ("nova",)))
handle_request = handler.as_handler(application)
