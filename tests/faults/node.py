"""A running node and its API, over one connection."""

import http.client
import json
import urllib.parse

from program import Wrong


class Refused(Exception):
    """The API's own answer that it cannot, in words."""

    def __init__(self, method, error):
        super().__init__(f"{method}: {error.get('message')}")
        self.error = error


class Api:
    def __init__(self, url, cookie, timeout=30):
        place = urllib.parse.urlparse(url)
        self.connection = http.client.HTTPConnection(place.hostname, place.port, timeout=timeout)
        self.cookie = cookie

    def call(self, method, *params):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.cookie}"}
        self.connection.request("POST", "/", body, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        try:
            value = json.loads(text)
        except ValueError:
            raise Wrong(f"{method} is answered with HTTP {answer.status}: {text[:200]!r}") from None
        if "error" in value:
            raise Refused(method, value["error"])
        return value["result"]

    def close(self):
        self.connection.close()


class Node:
    """A node that was started and has said where it listens. `process.end` tells how it ended if it did not start."""

    def __init__(self, program, *args, timeout=60):
        self.program = program
        self.process = program.start("--json", "node", "--rpc", "127.0.0.1:0", *args)
        self.started = self.process.wait_lines(1, timeout) and bool(self.process.whole_lines())
        self.api = None
        if self.started:
            url = json.loads(self.process.whole_lines()[0])["rpc"]
            try:
                cookie = (program.node_folder / "cookie").read_text().strip()
            except OSError:
                cookie = ""
            self.api = Api(url, cookie)

    @classmethod
    def up(cls, program, *args):
        """A node that must start."""
        node = cls(program, *args)
        if not node.started:
            raise Wrong(f"the node does not start: {node.process.end(5)}")
        return node

    def call(self, method, *params):
        return self.api.call(method, *params)

    def stop(self, timeout=60):
        if self.api is not None:
            self.api.close()
        return self.process.terminate(timeout)

    def stop_well(self):
        ended = self.stop()
        if ended.code != 0 or ended.problems():
            raise Wrong(f"the node does not stop well: {ended}")

    def kill(self):
        if self.api is not None:
            self.api.close()
        return self.process.kill()
