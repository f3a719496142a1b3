"""What decides between two configurations, as httpd sees each: read from its tree, not from the text of the files."""

from __future__ import annotations

from heartbed.servers.httpd.applications import Application
from heartbed.servers.httpd.dump import Node
from heartbed.servers.httpd.lines import options
from heartbed.servers.httpd.shape import in_scope

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
    {
        *("wsgiscriptalias", "wsgiscriptaliasmatch", "wsgihandlerscript", "wsgiimportscript", "wsgiprocessgroup"),
        *("wsgidaemonprocess", "wsgisocketprefix", "wsgipythonhome"),
    }
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
    """The telling directives of the main server and of an application's host, in files below ``own``."""
    found: dict[str, str] = {}
    for node in in_scope(root, application):
        told = node.name in TELLING or (node.name.startswith("wsgi") and node.name not in NAMES_ONLY)
        if told and node.file.startswith(own):
            name = OLD_NAMES.get(node.name, node.name)
            found[SPELLED.get(name, name)] = " ".join(node.words)
    return found


def daemon_options(arguments: str) -> dict[str, str]:
    """Options of a WSGIDaemonProcess that bear on how it runs, ``threads`` and ``processes`` apart."""
    pairs = {option.name: option.value for option in options(arguments)}
    apart = ("processes", "threads", "user", "group", "display-name", "home", "python-path", "python-home", "umask")
    return {f"WSGIDaemonProcess {name}": value for name, value in sorted(pairs.items()) if name not in apart}
