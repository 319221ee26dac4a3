"""Disks that fail under the running program: full, suddenly read-only, unreadable.

Each failure meets an import and a node. The program must say by name what is wrong, on standard error and in the API,
acknowledge nothing from then on, and end with a documented code other than 0. When the disk is mended it must start,
know everything that was acknowledged, and go on to the end.

Exit code 77: skipped, with the reason, where there is no root or no such file system.
"""

import argparse
import http.client
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import material
from check import FAULTS, Reference, acknowledged, check_after_crash, check_complete
from image import Image, Impossible, command
from node import Node, Refused
from power_cut import SKIPPED
from program import Wrong, default_binary, end_in_order
from works import Import, Submitted

FULL = re.compile(r"disk is full|no space left", re.IGNORECASE)
READ_ONLY = re.compile(r"read-only", re.IGNORECASE)
BROKEN = re.compile(r"input/output error|i/o error|read-only|cannot be (read|written)|disk", re.IGNORECASE)


class Failure:
    """A way for a disk to fail: `prepare` before the program runs, `strike` while it does, then `mend`."""

    def __init__(self, image, chance):
        self.image, self.chance = image, chance

    def prepare(self):
        """Before the program starts."""

    def strike(self):
        """While it runs."""

    def mend(self):
        self.image.close()
        self.image.attach(check=True)


class Full(Failure):
    """A file of somebody else's leaves little room, and is removed in the end."""

    name, words = "full", FULL

    def prepare(self):
        self.ballast = self.image.mount_point / "ballast"
        free = shutil.disk_usage(self.image.mount_point).free
        size = free - self.chance.randint(1000, 10000) * 1024
        with open(self.ballast, "wb") as file:
            for _ in range(size >> 16):
                file.write(bytes(1 << 16))
        self.image.sync()

    def mend(self):
        self.ballast.unlink()


class ReadOnly(Failure):
    """The kernel finds an error in the file system and mounts it read-only, as most are told to."""

    name, words = "read-only", READ_ONLY

    def strike(self):
        device = Path(self.image.loop).name
        Path(f"/sys/fs/ext4/{device}/trigger_fs_error").write_text("a failing disk is tried out")

    def mend(self):
        self.image.close()
        # It is marked as one with errors, which e2fsck has to take back.
        loop = command("losetup", "--find", "--show", self.image.file)
        subprocess.run(["e2fsck", "-f", "-y", loop], capture_output=True, check=False)
        command("losetup", "-d", loop)
        self.image.attach()


class Gone(Failure):
    """Every access fails with EIO from one moment on."""

    name, words = "EIO", BROKEN

    def strike(self):
        self.image.cut()


class Behind(Failure):
    """What lies under the file system has no room: writes succeed, and syncing them fails."""

    name, words = "EIO when synced", BROKEN

    def prepare(self):
        # The blocks of the image are not there yet; the file system that holds it is filled up.
        self.under = self.image.file.parent
        self.ballast = self.under / "ballast"
        free = shutil.disk_usage(self.under).free
        with open(self.ballast, "wb") as file:
            file.write(bytes(max(0, free - self.chance.randint(1000, 6000) * 1024)))

    def mend(self):
        self.ballast.unlink()
        self.image.close()
        loop = command("losetup", "--find", "--show", self.image.file)
        subprocess.run(["e2fsck", "-f", "-y", loop], capture_output=True, check=False)
        command("losetup", "-d", loop)
        self.image.attach()


def judge_end(ended, by_itself, words, place):
    if ended.problems():
        raise Wrong(f"{place}: {', '.join(ended.problems())}: {ended}")
    if ended.code == 0:
        raise Wrong(f"{place}: ends as if all were well: {ended}")
    if not words.search(ended.err):
        raise Wrong(f"{place}: does not name the error: {ended}")
    return f"{'ends' if by_itself else 'told to stop, ends'} with code {ended.code}: {shortened(ended.words())}"


def shortened(text):
    found = re.search(r'"message":"(.*?)"[,}]', text)
    return re.sub(r"/\S+/(?=\w)", "", found.group(1) if found else text)[:150]


class Importing:
    name = "import"

    @staticmethod
    def run(work, failure):
        process = work.program.start("--json", "chain", "import", work.reference.file)
        process.wait_lines(work.chance.randint(1, len(work.reference.blocks) // 2), 60)
        before = acknowledged(process)
        failure.strike()
        ended = process.end(60)
        # A sync that is under way when a file system is shut down may come back as if it had succeeded.
        work.told = before if isinstance(failure, Gone) else acknowledged(process)
        return judge_end(ended, True, failure.words, "the import")

    kind = Import


class Serving:
    name = "node"

    @staticmethod
    def run(work, failure):
        node = Node(work.program)
        if not node.started:
            return judge_end(node.process.end(30), True, failure.words, "the node at its start")
        struck_at = work.chance.randint(0, len(work.reference.blocks) // 2)
        answer = None
        try:
            while not work.whole():
                if work.told == struck_at:
                    failure.strike()
                node.call("chain_submit", work.reference.blocks[work.told][4:].hex())
                work.told += 1
        except (Refused, OSError, http.client.HTTPException) as error:
            answer = error
        if answer is None:
            raise Wrong("the node takes every block without a disk")
        later = Serving.later(node, work)
        deadline = time.monotonic() + 10
        while node.process.running() and time.monotonic() < deadline:
            time.sleep(0.01)
        by_itself = not node.process.running()
        ended = node.stop(30)
        if isinstance(answer, Refused) and not failure.words.search(str(answer)):
            raise Wrong(f"the API does not name the error: {answer}")
        if later:
            raise Wrong(f"after the failure the node acknowledged: {later}")
        return judge_end(ended, by_itself, failure.words, "the node") + f"; the API said: {shortened(str(answer))}"

    @staticmethod
    def later(node, work):
        """What the node still acknowledges after it has failed once."""
        for block in work.reference.blocks[work.told:work.told + 3]:
            try:
                answer = node.call("chain_submit", block[4:].hex())
                work.told += 1
                return answer
            except Refused:
                continue
            except (OSError, http.client.HTTPException):
                return None
        return None

    kind = Submitted


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seed", type=int, default=None)
    options.add_argument("--only", default="", help="only failures whose name holds this")
    options.add_argument("--program", type=Path, default=default_binary())
    given = options.parse_args()
    end_in_order()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(2**32)
    folder = Path(tempfile.mkdtemp(prefix="vibecoin-disk-"))
    under = folder / "under"
    under.mkdir()
    try:
        Image.check_possible(folder / "probe")
        command("mount", "-t", "tmpfs", "-o", "size=220M", "tmpfs", under)
    except (Impossible, subprocess.CalledProcessError) as reason:
        shutil.rmtree(folder)
        print(f"skipped: {reason}")
        return SKIPPED
    print(f"{given.rounds} rounds, seed {seed}", flush=True)
    image = Image(under, "192M", "errors=remount-ro")
    try:
        return run(given, seed, folder, image)
    finally:
        image.close()
        command("umount", under)
        shutil.rmtree(folder, ignore_errors=True)


def run(given, seed, folder, image):
    chance, seen, failures = random.Random(seed), [], []
    for name in ("material", "flips"):
        (folder / name).mkdir()
    made = material.make(given.program, folder / "material", seed)
    reference = Reference(given.program, folder / "flips", made.flips())
    for number in range(given.rounds):
        for kind in (Full, ReadOnly, Gone, Behind):
            for who in (Importing, Serving):
                if given.only not in kind.name:
                    continue
                image.make()
                failure = kind(image, chance)
                work = who.kind(given.program, image.mount_point, reference, chance)
                image.sync()
                failure.prepare()
                told = None
                try:
                    told = who.run(work, failure)
                    failure.mend()
                    check_after_crash(work.program, reference, work.told)
                    work.finish()
                    check_complete(work.program, reference)
                except FAULTS as wrong:
                    failures.append(f"{kind.name}, {who.name}: {wrong}")
                    print(f"FAILED round {number}, {failures[-1]}", flush=True)
                seen.append((kind.name, who.name, work.told, told))
    print(f"\n{'disk':<17}{'who':<8}{'acknowledged':>13}  what it said")
    for disk, who, count, said in seen:
        print(f"{disk:<17}{who:<8}{count:>13}  {said or 'FAILED'}")
    print(f"{len(seen)} failing disks, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
