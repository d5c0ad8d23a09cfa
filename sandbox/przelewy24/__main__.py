"""`python -m sandbox.przelewy24 --http 127.0.0.1:8026 --store var/przelewy24`"""

import sys

from sandbox.providers.server import serve
from sandbox.przelewy24.config import read_config
from sandbox.przelewy24.server import open_server

if __name__ == "__main__":
    sys.exit(serve(open_server(read_config())))
