"""Serves the emulator to the local stack. Usage: python3 -c serve.py host port

With the server that comes with it a request takes twice the time, and the tests make some hundred thousand.
"""
import gc
import resource
import sys

import uvicorn
from ministack.app import app


class Server(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        # What is stored is no garbage: it need not be looked through all the time.
        gc.freeze()
        gc.set_threshold(100_000, 20, 100)


_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
host, port = sys.argv[1], int(sys.argv[2])
# A caller waits long between two requests, and then wants to find its connection open.
Server(uvicorn.Config(app, host, port, loop="uvloop", http="httptools", ws="none", lifespan="on", log_level="error", access_log=False, timeout_keep_alive=3600)).run()
