"""kill -9 at random moments of imports and of reorganisations.

Four ways of working are interrupted in turn. After every kill the directory must open, verify from the genesis on, and
know every block that was acknowledged; when a directory has got all blocks, every answer of its node must be that of an
undisturbed run.
"""

import argparse
import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

import material
from check import FAULTS, Reference, check_after_crash, check_complete
from program import default_binary, end_in_order
from works import Import, Pieces, Submitted


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kills", type=int, default=200)
    options.add_argument("--seed", type=int, default=None, help="repeats the choices, not the timing")
    options.add_argument("--program", type=Path, default=default_binary())
    options.add_argument("--branch", type=int, default=60, help="blocks of each branch: the deepest reorganisation")
    given = options.parse_args()
    end_in_order()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(2**32)
    print(f"{given.kills} kills, seed {seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="vibecoin-crash-"))
    try:
        run = Run(given, seed, folder)
        run.all()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return run.report()


class Run:
    def __init__(self, given, seed, folder):
        self.given, self.seed = given, seed
        self.counts, self.failures = {}, []
        chance, binary = random.Random(seed), given.program
        places = {name: folder / name for name in ("material", "bulk", "flips", "one", "two", "three", "four")}
        for place in places.values():
            place.mkdir()
        made = material.make(binary, places["material"], seed, branch=given.branch)
        bulk = Reference(binary, places["bulk"], made.bulk())
        flips = Reference(binary, places["flips"], made.flips())
        self.works = {
            "import, long side branch": Import(binary, places["one"], bulk, chance),
            "import, reorganising": Import(binary, places["two"], flips, chance),
            "import in pieces, flushes": Pieces(binary, places["three"], flips, chance),
            "node, reorganising": Submitted(binary, places["four"], flips, chance),
        }

    def all(self):
        names, kill = list(self.works), 0
        while kill < self.given.kills and len(self.failures) < 10:
            name = names[kill % len(names)]
            kill += self._once(name, self.works[name])
        for name, work in self.works.items():
            if work.told:
                self._guarded(name, work, lambda work=work, name=name: self._complete(name, work))

    def _once(self, name, work):
        """One kill, or the end of what was to be killed."""
        count, before = self.counts.setdefault(name, Counter()), self.counts[name]["kills"]

        def step():
            if work.interrupted(max(2, len(work.reference.blocks) // 6)):
                count["kills"] += 1
                check_after_crash(work.program, work.reference, work.told)
                count["acknowledged"] += work.told
                if not work.whole():
                    return
            self._complete(name, work)
            work.forget()

        self._guarded(name, work, step)
        return count["kills"] - before

    def _complete(self, name, work):
        work.finish()
        check_complete(work.program, work.reference)
        self.counts[name]["whole"] += 1

    def _guarded(self, name, work, step):
        try:
            step()
        except FAULTS as wrong:
            self.failures.append(f"{name}: {wrong}")
            kept = Path(tempfile.gettempdir()) / f"vibecoin-crash-failed-{self.seed}-{len(self.failures)}"
            shutil.move(work.program.home, kept)
            print(f"FAILED {self.failures[-1]}\nthe directory is kept in {kept}", flush=True)
            work.fresh()

    def report(self):
        print(f"\n{'what was killed':<28}{'kills':>7}{'acknowledged':>14}{'runs to the end':>17}")
        for name, count in self.counts.items():
            print(f"{name:<28}{count['kills']:>7}{count['acknowledged']:>14}{count['whole']:>17}")
        total = sum(count["kills"] for count in self.counts.values())
        print(f"{total} kills, {len(self.failures)} failures")
        return 1 if self.failures else 0


if __name__ == "__main__":
    sys.exit(main())
