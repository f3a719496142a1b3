"""What the kernel tells of processes, threads and sockets: Python's standard library, and nothing else of Heartbed.

Two look at processes from outside: the agent in the observer's container, which takes this package along under this
name, and ``heartbed look`` on a host.
"""
