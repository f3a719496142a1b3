"""No web server at all: the application behind Python's own ``wsgiref``. The native control of faults runs so."""
