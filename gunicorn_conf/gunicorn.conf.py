"""gunicorn as smaller services run it. What is compared comes from its environment."""

import os

from wsgi_app import natives  # noqa: F401  before workers that patch: it keeps the real functions

bind = "0.0.0.0:8080"
workers = int(os.environ["HEARTBED_PROCESSES"])
threads = int(os.environ["HEARTBED_THREADS"])
# sync: the process waits for a request in select(), in Python. gthread: a pool of threads serves, another one accepts.
# eventlet, gevent: a green thread serves, and the process waits for a request in its hub.
worker_class = os.environ["HEARTBED_WORKER_CLASS"]
# True: the arbiter loads the application, then forks. False: every worker loads it after it was forked.
preload_app = os.environ["HEARTBED_LAZY"] == "false"
# A worker that has served so many requests is replaced; 0, gunicorn's own default, is never.
max_requests = int(os.environ.get("HEARTBED_REQUESTS", "0"))
# An idle worker tells the arbiter that it lives; one that does not for so long is killed (30 is gunicorn's default).
timeout = 120
worker_tmp_dir = "/dev/shm"  # noqa: S108  gunicorn's own advice: a heartbeat file on a disk may block
accesslog = "-"
errorlog = "-"
