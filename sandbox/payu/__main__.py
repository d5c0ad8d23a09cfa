"""`python -m sandbox.payu --http 127.0.0.1:8027 --store var/payu`"""

import sys

from sandbox.payu.config import read_config
from sandbox.payu.server import open_server
from sandbox.providers.server import serve

if __name__ == "__main__":
    sys.exit(serve(open_server(read_config())))
