"""What decides between two configurations, as httpd sees each: read from its tree, not from the text of the files."""

from __future__ import annotations

from collections.abc import Sequence

from heartbed.servers.httpd.dump import Node
from heartbed.servers.httpd.shape import Application, scopes

TELLING = frozenset(
    {
        *("keepalive", "keepalivetimeout", "maxkeepaliverequests", "timeout", "requestreadtimeout"),
        *("startservers", "serverlimit", "maxrequestworkers", "maxclients", "minspareservers", "maxspareservers"),
        *("minsparethreads", "maxsparethreads", "threadsperchild", "threadlimit", "maxconnectionsperchild"),
        *("maxrequestsperchild", "asyncrequestworkerfactor", "listenbacklog", "gracefulshutdowntimeout"),
    }
)
"""Directives beside mod_wsgi's that bear on processes, threads and connections."""

NAMES_ONLY = frozenset(
    {"wsgiscriptalias", "wsgiprocessgroup", "wsgidaemonprocess", "wsgisocketprefix", "wsgipythonhome"}
)
"""mod_wsgi's directives that name things, or are told otherwise."""

OLD_NAMES = {"maxclients": "maxrequestworkers", "maxrequestsperchild": "maxconnectionsperchild"}

SPELLED = {
    "keepalive": "KeepAlive",
    "keepalivetimeout": "KeepAliveTimeout",
    "timeout": "Timeout",
    "startservers": "StartServers",
    "serverlimit": "ServerLimit",
    "maxrequestworkers": "MaxRequestWorkers",
    "maxconnectionsperchild": "MaxConnectionsPerChild",
    "minspareservers": "MinSpareServers",
    "maxspareservers": "MaxSpareServers",
    "minsparethreads": "MinSpareThreads",
    "maxsparethreads": "MaxSpareThreads",
    "threadsperchild": "ThreadsPerChild",
    "threadlimit": "ThreadLimit",
    "wsgiapplicationgroup": "WSGIApplicationGroup",
    "wsgirestrictembedded": "WSGIRestrictEmbedded",
    "wsgipassauthorization": "WSGIPassAuthorization",
}


def settings(root: Node, application: Application | None, own: str = "") -> dict[str, str]:
    """The telling directives in force for an application. ``own`` is how the paths of the user's files begin."""
    found: dict[str, str] = {}
    for scope in scopes(root, application):
        for node in scope.children:
            told = node.name in TELLING or (node.name.startswith("wsgi") and node.name not in NAMES_ONLY)
            if told and node.file.startswith(own):
                name = OLD_NAMES.get(node.name, node.name)
                found[SPELLED.get(name, name)] = " ".join(node.words)
    return found


def daemon_options(words: Sequence[str]) -> dict[str, str]:
    """Options of a WSGIDaemonProcess that bear on how it runs, ``threads`` and ``processes`` apart."""
    pairs = dict(word.partition("=")[::2] for word in words[1:])
    apart = ("processes", "threads", "user", "group", "display-name", "home", "python-path", "python-home", "umask")
    return {f"WSGIDaemonProcess {name}": value for name, value in sorted(pairs.items()) if name not in apart}
