"""The program under test, run as a user would run it, and what must never come out of it."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

# What `vibecoin --help` documents as exit status.
DOCUMENTED = {0, 1, 2, 3, 4, 5, 6, 7, 8, 130}

PANIC = re.compile(r"panicked at|stack backtrace|RUST_BACKTRACE|overflowed its stack|Location:\n|memory allocation of")


class Wrong(Exception):
    """Something that must hold does not."""


class Ended:
    """How a process ended."""

    def __init__(self, line, code, out, err, hung):
        self.line, self.code, self.out, self.err, self.hung = line, code, out, err, hung

    def problems(self):
        """What no process may do, whatever happened to its files."""
        found = []
        if self.hung:
            found.append("hangs")
        elif self.code is not None and self.code < 0:
            found.append(f"ends by signal {signal.Signals(-self.code).name}")
        elif self.code not in DOCUMENTED:
            found.append(f"ends with the undocumented code {self.code}")
        elif self.code != 0 and not self.err.strip():
            found.append(f"ends with code {self.code} and without a word")
        if PANIC.search(self.err) or PANIC.search(self.out):
            found.append("panics")
        return found

    def json(self):
        return json.loads(self.out)

    def words(self):
        """The last thing that was said, for a table or a message."""
        lines = [line.strip() for line in (self.err.strip() or self.out.strip()).splitlines() if line.strip()]
        said = [line for line in lines if line.startswith("error")] or lines[-1:]
        return said[0][:300] if said else ""

    def __str__(self):
        return f"{self.line}: code {self.code}{', hung' if self.hung else ''}\n{self.out[-2000:]}\n{self.err[-4000:]}"


class Process:
    """A running process whose output is collected line by line."""

    def __init__(self, command, environment, folder):
        self.line = " ".join(command[1:])
        self.started = time.monotonic()
        self.child = subprocess.Popen(
            command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.lines, self.err = [], []
        self.bell = threading.Condition()
        self.readers = [
            threading.Thread(target=self._collect, args=(self.child.stdout, self.lines), daemon=True),
            threading.Thread(target=self._collect, args=(self.child.stderr, self.err), daemon=True),
        ]
        for reader in self.readers:
            reader.start()

    def _collect(self, stream, lines):
        for line in stream:
            with self.bell:
                lines.append(line)
                self.bell.notify_all()
        with self.bell:
            self.bell.notify_all()

    def running(self):
        return self.child.poll() is None

    def wait_lines(self, count, timeout):
        """Waits until so many lines are on standard output; false if the process ended before."""
        deadline = time.monotonic() + timeout
        with self.bell:
            while len(self.lines) < count:
                left = deadline - time.monotonic()
                if left <= 0 or not self.readers[0].is_alive():
                    return len(self.lines) >= count
                self.bell.wait(min(left, 0.2))
        return True

    def whole_lines(self):
        """Lines that were printed to their end."""
        with self.bell:
            return [line.decode() for line in self.lines if line.endswith(b"\n")]

    def kill(self):
        """The signal that nothing can catch. False if the process had ended before."""
        if not self.running():
            return False
        self.child.send_signal(signal.SIGKILL)
        code = self.child.wait()
        self._join()
        return code == -signal.SIGKILL

    def terminate(self, timeout=60):
        if self.running():
            self.child.send_signal(signal.SIGTERM)
        return self.end(timeout)

    def end(self, timeout=60):
        """Waits for the end; a process that has none in time is killed, and is said to hang."""
        hung = False
        try:
            self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            hung = True
            self.child.kill()
            self.child.wait()
        self._join()
        out = b"".join(self.lines).decode(errors="replace")
        err = b"".join(self.err).decode(errors="replace")
        return Ended(self.line, self.child.returncode, out, err, hung)

    def _join(self):
        for reader in self.readers:
            reader.join(10)


class Program:
    """The binary, in a home of its own: a data directory, and nothing of the user's environment."""

    def __init__(self, binary, home, flags=()):
        self.binary, self.home, self.flags = str(binary), Path(home), list(flags)
        self.home.mkdir(parents=True, exist_ok=True)

    @property
    def data(self):
        return self.home / "data"

    @property
    def node_folder(self):
        return self.data / "devnet" / "node"

    def environment(self):
        home = str(self.home)
        return {
            "HOME": home, "XDG_CONFIG_HOME": f"{home}/.config", "XDG_DATA_HOME": f"{home}/.local/share",
            "XDG_CACHE_HOME": f"{home}/.cache", "XDG_STATE_HOME": f"{home}/.local/state",
            "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TERM": "xterm-256color",
            "VIBECOIN_DATA_DIR": str(self.data), "VIBECOIN_P2P": "off", "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
        }

    def start(self, *args):
        # Not in the home, so that a file system under it can be unmounted.
        return Process([self.binary, *self.flags, *map(str, args)], self.environment(), "/")

    def run(self, *args, timeout=60):
        return self.start(*args).end(timeout)

    def ok(self, *args, timeout=300):
        ended = self.run(*args, timeout=timeout)
        if ended.code != 0 or ended.problems():
            raise Wrong(f"this was to succeed: {ended}")
        return ended

    def json(self, *args, timeout=300):
        return self.ok("--json", *args, timeout=timeout).json()


def end_in_order():
    """Being told to stop unwinds like an error, so that nothing stays mounted."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def default_binary():
    """The release build of this repository."""
    root = Path(__file__).resolve().parents[2]
    target = Path(os.environ.get("CARGO_TARGET_DIR", root / "target"))
    return target / "release" / "vibecoin"
