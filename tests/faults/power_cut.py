"""Power cuts: a file system is shut down without flushing its log while the program writes on it.

Five ways of working are cut in turn, on mounts of differing strictness. The program then sees EIO and must say so and
end. Afterwards the file system is mounted again, which replays its journal: the directory must open, verify from the
genesis on, and know every block that was acknowledged before the cut. What is heard later counts for nothing, as with a
machine that is off: a sync that is under way when the file system is shut down may come back as if it had succeeded.
(A program of ten lines that appends and syncs meets that, too.)

Exit code 77: skipped, with the reason, where there is no root or no such file system.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import material
from check import FAULTS, Reference, acknowledged, check_after_crash, check_complete
from image import Image, Impossible
from program import Wrong, default_binary, end_in_order
from works import Import, Opening, Pieces, Submitted

SKIPPED = 77

# From what most machines have to what loses most: with a late commit nothing reaches the journal but what is synced,
# and without ordered data a file may have its length and not its content.
MOUNTS = ("defaults", "commit=300", "commit=300,data=writeback", "commit=300,nodelalloc")


class PowerCut:
    answers_count = False

    def __init__(self, image):
        self.image, self.ends = image, Counter()
        self.count, self.ran, self.check = 0, False, False

    def strike(self, process):
        self.count = acknowledged(process)
        self.ran = process.running()
        self.image.cut()
        return True

    def heard(self, process):
        return self.count

    def settle(self, process):
        """The program has met EIO: it must end by itself, with words. What only waits may be told to."""
        deadline = time.monotonic() + 5
        while process.running() and time.monotonic() < deadline:
            time.sleep(0.01)
        by_itself = not process.running()
        ended = process.end(30) if by_itself else process.terminate(30)
        if ended.problems():
            raise Wrong(f"without a disk the program {', '.join(ended.problems())}: {ended}")
        if not self.ran:
            self.ends["had just ended"] += 1
        else:
            how = "ends" if by_itself else "stays until told to stop, then ends"
            self.ends[f"{how} with code {ended.code}"] += 1

    def recover(self):
        self.image.close()
        self.check = not self.check
        self.image.attach(check=self.check)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cuts", type=int, default=50)
    options.add_argument("--seed", type=int, default=None, help="repeats the choices, not the timing")
    options.add_argument("--program", type=Path, default=default_binary())
    options.add_argument("--branch", type=int, default=60, help="blocks of each branch: the deepest reorganisation")
    given = options.parse_args()
    end_in_order()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(2**32)
    folder = Path(tempfile.mkdtemp(prefix="vibecoin-power-cut-"))
    try:
        Image.check_possible(folder / "probe")
    except Impossible as reason:
        shutil.rmtree(folder)
        print(f"skipped: {reason}")
        return SKIPPED
    print(f"{given.cuts} power cuts, seed {seed}", flush=True)
    run = Run(given, seed, folder)
    try:
        run.all()
    finally:
        run.image.close()
        shutil.rmtree(folder, ignore_errors=True)
    return run.report()


class Run:
    def __init__(self, given, seed, folder):
        self.given, self.seed, self.folder = given, seed, folder
        self.chance = random.Random(seed)
        self.image = Image(folder / "work")
        self.power = PowerCut(self.image)
        self.counts, self.failures = {}, []

    def all(self):
        for name in ("material", "bulk", "flips"):
            (self.folder / name).mkdir()
        binary = self.given.program
        made = material.make(binary, self.folder / "material", self.seed, branch=self.given.branch)
        bulk = Reference(binary, self.folder / "bulk", made.bulk())
        flips = Reference(binary, self.folder / "flips", made.flips())
        kinds = (
            ("node, block by block", Submitted, flips),
            ("import, long side branch", Import, bulk),
            ("import, reorganising", Import, flips),
            ("start-up", Opening, flips),
            ("import in pieces, flushes", Pieces, flips),
        )
        cut, directory = 0, 0
        while cut < self.given.cuts and len(self.failures) < 10:
            name, kind, reference = kinds[directory % len(kinds)]
            mount = MOUNTS[(directory // len(kinds) + directory) % len(MOUNTS)]
            directory += 1
            self.image.make(mount)
            work = kind(binary, self.image.mount_point, reference, self.chance, self.power)
            self.image.sync()
            cut = self._one_directory(name, mount, work, cut)

    def _one_directory(self, name, mount, work, cut):
        """Up to three cuts in one directory, then the rest in peace."""
        count = self.counts.setdefault(name, Counter())
        try:
            for _ in range(min(3, self.given.cuts - cut)):
                if not work.interrupted(max(2, len(work.reference.blocks) // 3)):
                    break
                cut += 1
                count["cuts"] += 1
                self.power.recover()
                check_after_crash(work.program, work.reference, work.told)
                count["acknowledged"] += work.told
            work.finish()
            check_complete(work.program, work.reference)
            count["whole"] += 1
        except FAULTS as wrong:
            self.failures.append(f"cut {cut}, {name}, mounted {mount}: {wrong}")
            print(f"FAILED {self.failures[-1]}", flush=True)
            self._keep()
        return cut

    def _keep(self):
        kept = Path(tempfile.gettempdir()) / f"vibecoin-power-cut-failed-{self.seed}-{len(self.failures)}.img"
        self.image.close()
        shutil.copy2(self.image.file, kept)
        print(f"the file system is kept in {kept}", flush=True)

    def report(self):
        print(f"\n{'what was cut':<28}{'cuts':>6}{'acknowledged':>14}{'runs to the end':>17}")
        for name, count in self.counts.items():
            print(f"{name:<28}{count['cuts']:>6}{count['acknowledged']:>14}{count['whole']:>17}")
        print("\nthe program, its disk gone:")
        for words, times in sorted(self.power.ends.items()):
            print(f"{times:>6} × {words}")
        total = sum(count["cuts"] for count in self.counts.values())
        print(f"\n{total} power cuts, {len(self.failures)} failures")
        return 1 if self.failures else 0


if __name__ == "__main__":
    sys.exit(main())
