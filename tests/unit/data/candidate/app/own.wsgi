import eventlet
eventlet.monkey_patch()
import helper  # beside this file
from oslo_config import cfg
import oslo_messaging
cfg.CONF(args=[], project='mine', default_config_files=[])
T = oslo_messaging.get_rpc_transport(cfg.CONF)
C = oslo_messaging.get_rpc_client(T, oslo_messaging.Target(topic='compute', version='5.0', server='compute'))
def application(environ, start_response):
    if environ['PATH_INFO'] == '/use':
        C.cast({}, 'start_instance', server_id='x')
        start_response('200 OK', [('Content-Type', 'text/plain')]); return [helper.TEXT]
    if environ['PATH_INFO'] == '/':
        start_response('401 Unauthorized', [('Content-Type', 'text/plain')]); return [b'no']
    start_response('404 Not Found', [('Content-Type', 'text/plain')]); return [b'']
