"""Ways of taking blocks in that are interrupted: what was acknowledged until then is counted."""

import http.client
import json
import shutil
import time

from check import acknowledged, write_file
from node import Node, Refused
from program import Program, Wrong


class Kill:
    """kill -9."""

    # Whether what a node answers after it was struck is an acknowledgement.
    answers_count = True

    def strike(self, process):
        """Interrupts. False if the process had ended before."""
        return process.kill()

    def heard(self, process):
        """How many verdicts an import had told when it was interrupted."""
        return acknowledged(process)

    def settle(self, process):
        """Waits until whatever the interruption leaves has ended."""

    def recover(self):
        """Makes the directory usable again."""


class Work:
    """A list of blocks on their way into a directory, interrupted again and again."""

    def __init__(self, binary, folder, reference, chance, interruption=None):
        self.binary, self.folder, self.reference, self.chance = binary, folder, reference, chance
        self.interruption = interruption or Kill()
        self.number = 0
        self.fresh()

    def fresh(self):
        """A new directory."""
        self.number += 1
        self.program = Program(self.binary, self.folder / f"home-{self.number}")
        self.told = 0

    def forget(self):
        shutil.rmtree(self.program.home)
        self.fresh()

    def whole(self):
        return self.told == len(self.reference.blocks)

    def finish(self):
        """Takes in all that is missing."""
        self.program.ok("--json", "chain", "import", self.reference.file)


class Import(Work):
    """`chain import` of the whole file, from the start each time: what is there already is known.

    `early` is the share of interruptions that come while the directory is opened."""

    early = 0.25

    def interrupted(self, reach):
        process = self.program.start("--json", "chain", "import", self.reference.file)
        if self.chance.random() < self.early:
            time.sleep(self.chance.uniform(0, 0.15))
        else:
            target = min(self.told + self.chance.randint(1, reach), len(self.reference.blocks))
            process.wait_lines(target, 60)
            time.sleep(self.chance.uniform(0, 0.01))
        struck = self.interruption.strike(process)
        self.interruption.settle(process)
        self.told = max(self.told, self.interruption.heard(process))
        if not struck:
            expect_well(process)
        return struck


class Opening(Import):
    """The same, always interrupted while it opens a directory."""

    early = 1.0


class Pieces(Work):
    """Many short imports: each ends with a flush of all tables, and compactions follow."""

    def interrupted(self, reach):
        deadline = time.monotonic() + self.chance.uniform(0.05, 1.0)
        while not self.whole():
            piece = self.reference.blocks[self.told:self.told + self.chance.randint(3, 12)]
            file = write_file(self.reference.file.parent / "piece.blocks", piece)
            process = self.program.start("--json", "chain", "import", file)
            while process.running() and time.monotonic() < deadline:
                time.sleep(0.001)
            struck = (process.running() or time.monotonic() >= deadline) and self.interruption.strike(process)
            if struck:
                self.interruption.settle(process)
                self.told += self.interruption.heard(process)
                return True
            expect_well(process)
            self.told += acknowledged(process)
        return False


class Submitted(Work):
    """A running node that is given one block after the other. One is under way when the interruption comes."""

    def interrupted(self, reach):
        node = Node(self.program)
        if not node.started:
            raise Wrong(f"the node does not start: {node.process.end(5)}")
        stop_at = self.told + self.chance.randint(1, reach)
        for block in self.reference.blocks[self.told:stop_at]:
            node.call("chain_submit", block[4:].hex())
            self.told += 1
        if self.whole():
            node.stop_well()
            return False
        self._send(node, self.reference.blocks[self.told])
        time.sleep(self.chance.uniform(0, 0.012))
        self.interruption.strike(node.process)
        try:
            self._receive(node)
            self.told += self.interruption.answers_count
            for block in self.reference.blocks[stop_at + 1:stop_at + 2]:
                node.call("chain_submit", block[4:].hex())
                raise Wrong("the node acknowledges a block after it was struck down")
        except (Refused, OSError, http.client.HTTPException):
            pass
        node.api.close()
        self.interruption.settle(node.process)
        return True

    def _send(self, node, block):
        body = {"jsonrpc": "2.0", "id": 1, "method": "chain_submit", "params": [block[4:].hex()]}
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {node.api.cookie}"}
        node.api.connection.request("POST", "/", json.dumps(body).encode(), headers)

    def _receive(self, node):
        answer = json.loads(node.api.connection.getresponse().read())
        if "error" in answer:
            raise Refused("chain_submit", answer["error"])

    def finish(self):
        node = Node.up(self.program)
        for block in self.reference.blocks[self.told:]:
            node.call("chain_submit", block[4:].hex())
        node.stop_well()


def expect_well(process):
    ended = process.end()
    if ended.code != 0 or ended.problems():
        raise Wrong(f"the import fails: {ended}")
