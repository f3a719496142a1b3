"""What looks at the cells from inside the observer's container; only Python's standard library.

Started by ``docker exec -i <observer> python3 -I -m heartbed_agent``. It reads
commands as JSON lines from its standard input, and writes events of
``docs/record.md`` as JSON lines to its standard output::

    {"cmd": "watch", "cell": NAME, "container_pid": HOST_PID, "ports": [5672]}
    {"cmd": "count", "service": NAME, "container_pid": HOST_PID}
    {"cmd": "look", "cell": NAME, "pid": PID_IN_CONTAINER, "at": "loss", "idle_from": EPOCH}
    {"cmd": "enough", "cell": NAME}
    {"cmd": "quit"}

The end of its input means the same as ``quit``. To watch a cell it shares the
host's process numbers (``pid: host``) and needs the capabilities SYS_PTRACE and
SYS_ADMIN: the first to read what another user's process does, the second to
enter a cell's namespaces. Where it has them not, nobody must ask for that; the
machine's lag is measured all the same.
"""
