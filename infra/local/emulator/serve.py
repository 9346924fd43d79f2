"""Serves the emulator to the local stack. Usage: python3 -c serve.py host port

The server that comes with it knows all of HTTP and takes longer over a request than the emulator over its answer, and the
tests make some hundred thousand. This one knows what the stack's clients speak: HTTP/1.1, one request after the other on a
connection that stays open, bodies of a stated length.
"""
import asyncio
import gc
import resource
import sys
import traceback
from http import HTTPStatus
from urllib.parse import unquote

from ministack.app import app

REASONS = {s.value: s.phrase for s in HTTPStatus}


class Connection(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.client, self.server = transport, transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        self.unread, self.answering, self.gone = bytearray(), None, asyncio.Event()

    def connection_lost(self, _):
        self.gone.set()

    def data_received(self, data):
        self.unread += data
        if self.answering is None:
            self.read()

    def read(self):
        """Begins to answer the next request, once it is here as a whole."""
        end = self.unread.find(b"\r\n\r\n")
        if end < 0:
            return
        line, *fields = bytes(self.unread[:end]).split(b"\r\n")
        method, target, _ = line.split(b" ")
        headers = [(name.lower(), value.strip()) for name, _, value in (f.partition(b":") for f in fields)]
        known = dict(headers)
        if b"transfer-encoding" in known:
            self.refuse(HTTPStatus.LENGTH_REQUIRED)
            return
        body = end + 4
        whole = body + int(known.get(b"content-length", 0))
        if len(self.unread) < whole:
            return
        content = bytes(self.unread[body:whole])
        del self.unread[:whole]
        path, _, query = target.partition(b"?")
        scope = {
            "type": "http", "asgi": {"spec_version": "2.1", "version": "3.0"}, "http_version": "1.1", "scheme": "http", "root_path": "",
            "method": method.decode("ascii"), "path": unquote(path.decode("ascii")), "raw_path": path, "query_string": query,
            "headers": headers, "client": self.client, "server": self.server, "state": {}, "extensions": {},
        }
        self.answering = asyncio.create_task(self.answer(scope, content))  # a task each: the emulator keeps the caller in its context

    async def answer(self, scope, content):
        parts = [{"type": "http.request", "body": content, "more_body": False}]
        head, begun, stays = [], False, False

        async def receive():
            if parts:
                return parts.pop()
            await self.gone.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            nonlocal begun, stays
            if message["type"] == "http.response.start":
                begun, status = True, int(message["status"])
                stays = any(name.lower() == b"content-length" for name, _ in message["headers"]) or status in (204, 304)
                lines = [b"HTTP/1.1 %d %s" % (status, REASONS.get(status, "").encode()), *(b"%s: %s" % h for h in message["headers"])]
                if not stays:
                    lines.append(b"connection: close")
                head[:] = *lines, b"", b""
                return
            body = b"" if scope["method"] == "HEAD" else message.get("body", b"")
            self.transport.write(b"\r\n".join(head) + body)
            head.clear()

        try:
            await app(scope, receive, send)
        except Exception:
            traceback.print_exc()
            stays = False
        self.answering = None
        if stays:
            self.read()
        elif begun:
            self.transport.close()
        else:
            self.refuse(HTTPStatus.INTERNAL_SERVER_ERROR)

    def refuse(self, status):
        self.transport.write(b"HTTP/1.1 %d %s\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % (status, REASONS[status].encode()))
        self.transport.close()


async def main(host, port):
    asked, started = asyncio.Queue(), asyncio.Event()

    async def told(message):
        if message["type"] == "lifespan.startup.complete":
            started.set()

    asked.put_nowait({"type": "lifespan.startup"})
    life = asyncio.create_task(app({"type": "lifespan", "asgi": {"spec_version": "2.0", "version": "3.0"}, "state": {}}, asked.get, told))
    life.add_done_callback(lambda _: started.set())
    await started.wait()
    if life.done():
        life.result()  # says why
    server = await asyncio.get_running_loop().create_server(Connection, host, port)
    # What is stored is no garbage: it need not be looked through all the time.
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    async with server:
        await asyncio.gather(life, server.serve_forever())


_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
asyncio.run(main(sys.argv[1], int(sys.argv[2])))
