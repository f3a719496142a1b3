"""What may go wrong between the API and nova-compute. Imports nothing, so that whoever asks for it loads no library."""


class BrokerUnreachableError(Exception):
    """A message could not be handed to the broker."""


class CallTimeoutError(Exception):
    """Nobody answered a call within ``rpc_response_timeout``."""
