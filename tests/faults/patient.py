"""A data directory with every kind of file in it, and single faults for each of them."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import material
from answers import collect
from check import write_file
from node import Node
from program import Program, Wrong

PASSWORD = "correct horse battery staple"
PAGE = 4096

# What is asked of the wallet's files; each answer is compared with the sound directory's.
WALLET_QUESTIONS = (
    ("wallet", "address"), ("wallet", "--password-file", "{password}", "words"), ("wallet", "contacts"),
    ("wallet", "labels"), ("wallet", "balance"), ("wallet", "history"), ("wallet", "list"),
)

# What its owner may edit by hand: another text in it is another text.
OWNERS_TEXT = {"configuration", "chain spec", "wallet: book.json"}


def kind_of(path):
    """The kind of a file, by its place below the home."""
    name, place = path.name, str(path)
    for pattern, kind in (
        (r"\.sst$", "db: table (SST)"), (r"/db/.*\.log$", "db: write-ahead log"), (r"/MANIFEST-", "db: MANIFEST"),
        (r"/OPTIONS-", "db: OPTIONS"), (r"/LOG(\.old.*)?$", "db: LOG"), (r"/db/(\w+)$", None),
        (r"/logs/", "the program's log"), (r"\.keystore$", "wallet: keystore"), (r"^blocks$", "file of blocks"),
        (r"^spec/spec\.json$", "chain spec"), (r"^config\.toml$", "configuration"),
    ):
        if found := re.search(pattern, place):
            return kind or f"db: {found.group(1)}"
    if "/wallet/" in place:
        return f"wallet: {name}"
    if "/node/" in place:
        return f"node: {name}"
    return name


class Patient:
    """The sound directory, and what it answers."""

    def __init__(self, binary, folder, seed, base=36, branch=6):
        self.binary, self.folder = binary, folder
        self.home = folder / "sound"
        program = Program(binary, self.home)
        made = material.make(binary, folder, seed, base=base, branch=branch, transfers=6)
        blocks = made.bulk()
        # Several tables of several ages, made by short imports, each of which ends with a flush.
        for start in range(0, 2 * len(blocks) // 3, 5):
            piece = write_file(folder / "piece", blocks[start:min(start + 5, 2 * len(blocks) // 3)])
            program.ok("chain", "import", piece)
        (self.home / "password").write_text(PASSWORD)
        program.ok("wallet", "--password-file", self.home / "password", "new", "--name", "main")
        own = program.json("wallet", "address")["address"]
        self.people = [*material.addresses(seed, 24), own]
        program.ok("wallet", "contacts", "add", "Ada", self.people[0])
        # The rest by a node that is killed: its blocks are in the write-ahead log, its endpoint's files lie about.
        node = Node.up(program)
        for block in blocks[2 * len(blocks) // 3:]:
            node.call("chain_submit", block[4:].hex())
        for number in range(5):
            node.call("dev_faucet", own, str(10**9 + number))
        node.call("dev_mine", 1, self.people[1])
        sent = program.json("wallet", "--password-file", self.home / "password", "send", self.people[2], "0.25")
        program.ok("wallet", "labels", "set", sent["txid"], "a debt of honour")
        for number in range(8):
            node.call("dev_faucet", self.people[3], str(10**6 + number))
        node.kill()
        write_file(self.home / "blocks", blocks)
        (self.home / "config.toml").write_text('threads = 1\nlog = "info"\n')
        (self.home / "spec").mkdir()
        spec = Program(binary, self.home / "spec")
        spec.ok("chain", "new-spec", "--out", spec.home / "spec.json")
        spec.ok("--network", spec.home / "spec.json", "chain", "info")
        self.side = [json.loads(line)["id"] for line in self._verdicts()]
        self._remember()

    def _verdicts(self):
        scratch = Program(self.binary, self.folder / "scratch")
        lines = scratch.ok("--json", "chain", "import", self.home / "blocks").out.splitlines()
        shutil.rmtree(scratch.home)
        return lines

    def _remember(self):
        """The answers of a copy, since asking writes, too."""
        program = self.copy(self.folder / "healthy")
        node = Node.up(program)
        self.answers = self.collect(node)
        self.wallet = {question: self.ask_wallet(program, question) for question in WALLET_QUESTIONS}
        node.stop_well()
        refused = [str(ended) for ended in self.wallet.values() if ended.code != 0]
        if refused or self.answers.refusals:
            raise Wrong(f"the sound directory refuses: {refused} {self.answers.refusals}")
        self.tip = json.loads(self.answers["chain_tip"])
        self.files = sorted(
            path.relative_to(self.home) for path in self.home.rglob("*") if path.is_file() and path.name != "password"
        )
        # A folder `verify` or one for another network's state would come and go; what is compared is the sound one.
        self.files = [path for path in self.files if not str(path).startswith("spec/data")]
        shutil.rmtree(program.home)

    def collect(self, node):
        return collect(node.api, self.people, self.side, pool=True)

    @staticmethod
    def ask_wallet(program, question):
        words = [word.format(password=program.home / "password") for word in question]
        return program.run("--json", *words)

    def copy(self, home):
        if home.exists():
            shutil.rmtree(home)
        subprocess.run(["cp", "-a", str(self.home), str(home)], check=True)
        return Program(self.binary, home)

    def kinds(self):
        found = {"db: the whole folder": [Path("data/devnet/node/db")]}
        for path in self.files:
            found.setdefault(kind_of(path), []).append(path)
        return found


def draw(patient, chance, kind, number):
    """The `number`-th fault of a kind of file: what is done to which file, in words and as a function."""
    paths = patient.kinds()[kind]
    if (patient.home / paths[0]).is_dir():
        return f"delete {paths[0]}", lambda home: shutil.rmtree(home / paths[0])
    filled = [path for path in paths if (patient.home / path).stat().st_size > 0] or paths
    path = filled[number % len(filled)] if number < 2 * len(filled) else chance.choice(filled)
    size = (patient.home / path).stat().st_size
    ways = ["delete", "empty"] if size == 0 else [
        "flip", "delete", "truncate", "flip", "page", "empty", "flip", "cut one", "tail", "swap",
    ]
    way = ways[number % len(ways)]
    if way == "swap":
        others = [other for other in filled if other != path]
        if not others:
            way = "flip"
        else:
            other = chance.choice(others)
            return f"swap {path} {other.name}", lambda home: swap(home / path, home / other)
    if way == "flip":
        # Many files hold what matters at one end.
        end = chance.random()
        byte = chance.randrange(size) if end < 0.6 else chance.randrange(min(64, size))
        byte = size - 1 - byte if end > 0.8 else byte
        bit = chance.randrange(8)
        return f"flip bit {bit} of byte {byte} of {path} ({size} bytes)", lambda home: flip(home / path, byte, bit)
    if way == "truncate":
        to = chance.randrange(size)
        return f"truncate {path} from {size} to {to} bytes", lambda home: os.truncate(home / path, to)
    if way == "cut one":
        return f"cut the last byte off {path}", lambda home: os.truncate(home / path, size - 1)
    if way == "tail":
        # What a crash of a file system may leave behind: the length is right, the end was never written.
        start = max(0, size - chance.randint(1, PAGE))
        return f"zero {path} from byte {start} of {size} on", lambda home: zero(home / path, start, size)
    if way == "page":
        start = chance.randrange(size) // PAGE * PAGE
        return f"zero a page of {path} at {start}", lambda home: zero(home / path, start, min(size, start + PAGE))
    if way == "empty":
        return f"empty {path}", lambda home: os.truncate(home / path, 0)
    return f"delete {path}", lambda home: (home / path).unlink()


def flip(path, byte, bit):
    with open(path, "r+b") as file:
        file.seek(byte)
        value = file.read(1)[0]
        file.seek(byte)
        file.write(bytes([value ^ 1 << bit]))


def zero(path, start, end):
    with open(path, "r+b") as file:
        file.seek(start)
        file.write(bytes(end - start))


def swap(one, other):
    beside = Path(f"{one}.swap")
    one.rename(beside)
    other.rename(one)
    beside.rename(other)
