"""
The demo: the real service, with vendors that are simulated on loopback and anything but reliable.

The one place besides the tests that knows the simulators. The service is run as it is in production, over HTTP and from
settings that went through the same reader; nothing in here reaches into it, apart from what `bitloot` commands do too.
"""
