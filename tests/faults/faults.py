"""Single faults in every kind of file of a data directory: flipped bits, truncations, zeroed pages, missing and
exchanged files.

After each one, in a copy, the program is started in three ways (`chain info`, `chain verify`, a node that is asked for
every block, account and transaction), in random order. What may come out:

  refused     with words and a documented exit code, at the start or at the first read
  repaired    and it says so; every block that is left is the sound directory's, and verification agrees
  unaffected  every answer is that of the sound directory
  taken       only of files that their owner may edit by hand (configuration, chain spec, address book) or take away
              (any of the wallet's): what is there now is what was asked for

Anything else is a failure: a panic, a signal, a hang, an undocumented code, or an answer that silently differs.
"""

import argparse
import concurrent.futures
import http.client
import json
import random
import re
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from node import Node, Refused
from patient import OWNERS_TEXT, WALLET_QUESTIONS, Patient, draw
from program import Program, Wrong, default_binary, end_in_order

REPAIRED = re.compile(r"was repaired|was made again|are gone from the database|do not count")
OUTCOMES = ("refused", "repaired", "unaffected", "taken", "FAILED")

# How the faults are shared out: what holds the chain gets most.
WEIGHTS = {"db: table (SST)": 10, "db: write-ahead log": 6, "db: MANIFEST": 5, "db: CURRENT": 2, "db: OPTIONS": 2,
           "wallet: keystore": 2, "file of blocks": 3}


class Judge:
    """Starts the program on a damaged copy and says what came out."""

    def __init__(self, patient, home):
        self.patient, self.home = patient, home

    def judge(self, kind, hurt, chance):
        program = self.patient.copy(self.home)
        hurt(program.home)
        self.deleted = any(not (program.home / path).exists() for path in self.patient.files)
        self.said, self.refused = [], []
        if kind.startswith("wallet"):
            return self._wallet(program, kind)
        if kind == "file of blocks":
            return self._import(program)
        if kind == "chain spec":
            return self._spec(program)
        if kind == "configuration":
            program.flags = ["--config", str(program.home / "config.toml")]
        steps = [self._info, self._verify, self._node]
        chance.shuffle(steps)
        for step in steps:
            step(program)
        if self._repaired():
            # Whatever came first: what is there now has to be sound.
            ended = program.run("--json", "chain", "verify", timeout=120)
            if not self._note(ended):
                raise Wrong(f"it was repaired, and verification does not agree: {ended}")
        return self._conclude()

    def _note(self, ended):
        """Every process must keep its manners; what it said is remembered."""
        problems = ended.problems()
        if problems:
            raise Wrong(f"{', '.join(problems)}: {ended}")
        self.said.append(ended.err)
        if ended.code != 0:
            self.refused.append(f"{ended.line.split('--json ')[-1][:14]}: {ended.words()}")
        return ended.code == 0

    def _repaired(self):
        return any(REPAIRED.search(text) for text in self.said)

    def _info(self, program):
        ended = program.run("--json", "chain", "info")
        if self._note(ended):
            tip = ended.json()["tip"]
            if tip["id"] != self.patient.tip["id"] and not self._repaired():
                raise Wrong(f"silently another tip: {tip['height']} instead of {self.patient.tip['height']}")

    def _verify(self, program):
        ended = program.run("--json", "chain", "verify", timeout=120)
        if self._note(ended):
            found = ended.json()
            if found["id"] != self.patient.tip["id"] and not self._repaired():
                raise Wrong(f"verification is content with another tip: height {found['height']}")

    def _node(self, program):
        node = Node(program)
        answers = None
        try:
            if node.started:
                answers = self.patient.collect(node)
        except (OSError, http.client.HTTPException, Refused) as error:
            # It may go down when it finds the damage; its exit says so.
            self.said.append(f"the node broke off: {error}")
        ended = node.stop()
        well = self._note(ended)
        if answers is None:
            if well:
                raise Wrong(f"the node stopped answering, and says all is well: {self.said[-2:]}")
            return
        self._compare(answers)

    def _compare(self, answers):
        for question, refusal in list(answers.refusals.items())[:3]:
            self.refused.append(f"{question.split()[0]}: {refusal}")
        changed, missing = self.patient.answers.differences(answers)
        if (changed or missing) and not answers.refusals and not self._repaired():
            raise Wrong(self._first(changed or missing, answers))
        if changed and not self._repaired():
            # A refused answer elsewhere explains what is missing, never what is wrong.
            raise Wrong(self._first(changed, answers))
        if (changed or missing) and self._repaired():
            self._shorter(answers)

    def _first(self, questions, answers):
        question = questions[0]
        return (f"{len(questions)} answers silently differ, the first: {question}: "
                f"{self.patient.answers[question][:300]} became {str(answers.get(question))[:300]}")

    def _shorter(self, answers):
        """After a repair the chain may be shorter, or on the branch that was ahead then; its blocks are the same."""
        blocks = {answer for question, answer in self.patient.answers.items() if "raw_block" in question}
        for question, answer in answers.items():
            if question.startswith("chain_raw_block") and answer not in blocks:
                raise Wrong(f"repaired, and then {question} is a block that there was not")

    def _conclude(self):
        if self._repaired():
            return "repaired", next(line for text in self.said for line in text.splitlines() if REPAIRED.search(line))
        if self.refused:
            return "refused", self.refused[0]
        return "unaffected", ""

    def _wallet(self, program, kind):
        node = Node.up(program)
        taken = False
        for question in WALLET_QUESTIONS:
            ended, sound = self.patient.ask_wallet(program, question), self.patient.wallet[question]
            if not self._note(ended) or ended.out == sound.out:
                continue
            if question[-1] == "list" and (self.refused or '"problem":"' in ended.out):
                # It lists what is there, and says of each what is wrong with it.
                self.refused.append(f"wallet list: {ended.out.strip()}")
            elif kind in OWNERS_TEXT or self.deleted:
                taken = True
            else:
                node.kill()
                raise Wrong(f"{' '.join(question)} silently differs: {sound.out} became {ended.out}")
        node.stop_well()
        outcome = self._conclude()
        return ("taken", "") if taken and outcome[0] == "unaffected" else outcome

    def _import(self, program):
        fresh = Program(program.binary, program.home / "fresh")
        ended = fresh.run("--json", "chain", "import", program.home / "blocks")
        self._note(ended)
        lines = [json.loads(line) for line in ended.out.splitlines()]
        named = {line["id"] for line in lines if line["verdict"] in ("extended", "reorganised", "side")}
        verified = fresh.run("--json", "chain", "verify")
        self._note(verified)
        odd = [f"{line['verdict']}: {line['reason']}" for line in lines if line["verdict"] in ("invalid", "orphan")]
        self.refused += odd
        strangers = named - set(self.patient.side)
        # On a development network a changed header may still show enough work: then it is another, valid block.
        if strangers and verified.code != 0:
            raise Wrong(f"blocks that nobody made were taken: {strangers}")
        missing = len(self.patient.side) - len(lines)
        if 0 < missing < len(self.patient.side) and ended.code == 0:
            raise Wrong(f"{missing} blocks are silently missing from the import")
        return self._conclude()

    def _spec(self, program):
        home = program.home / "spec"
        spec = Program(program.binary, home, ["--network", str(home / "spec.json")])
        self._note(spec.run("--json", "chain", "info"))
        return self._conclude()


def share_out(kinds, count):
    """How many faults each kind of file gets."""
    weights = {kind: WEIGHTS.get(kind, 1) for kind in kinds}
    total = sum(weights.values())
    shares = {kind: max(1, count * weight // total) for kind, weight in weights.items()}
    heaviest = max(weights, key=weights.get)
    shares[heaviest] += max(0, count - sum(shares.values()))
    return shares


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--faults", type=int, default=560)
    options.add_argument("--seed", type=int, default=None)
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--kind", default="", help="only kinds of files whose name holds this")
    options.add_argument("--program", type=Path, default=default_binary())
    options.add_argument("--log", type=Path, default=None, help="write every fault and its outcome into this file")
    given = options.parse_args()
    end_in_order()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(2**32)
    print(f"{given.faults} faults, seed {seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="vibecoin-faults-"))
    try:
        return run(given, seed, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(given, seed, folder):
    patient = Patient(given.program, folder, seed)
    kinds = [kind for kind in patient.kinds() if given.kind in kind]
    faults = [(kind, n) for kind, share in share_out(kinds, given.faults).items() for n in range(share)]
    table = {kind: Counter() for kind in kinds}
    failures, log = [], []

    def one(place):
        kind, number = faults[place]
        chance = random.Random(f"{seed} {kind} {number}")
        words, hurt = draw(patient, chance, kind, number)
        home = folder / f"copy-{place}"
        try:
            outcome, detail = Judge(patient, home).judge(kind, hurt, chance)
        except Wrong as wrong:
            outcome, detail = "FAILED", str(wrong)
        shutil.rmtree(home, ignore_errors=True)
        return kind, words, outcome, detail

    with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        for kind, words, outcome, detail in pool.map(one, range(len(faults))):
            table[kind][outcome] += 1
            log.append(f"{outcome:<11}{words}: {detail}".replace("\n", " | "))
            if outcome == "FAILED":
                failures.append(f"{words}: {detail}")
                print(f"FAILED {words}: {detail[:600]}", flush=True)
    if given.log:
        given.log.write_text("\n".join(log) + "\n")
    print(f"\n{'kind of file':<26}{'faults':>8}" + "".join(f"{outcome:>12}" for outcome in OUTCOMES))
    for kind, counts in sorted(table.items()):
        print(f"{kind:<26}{counts.total():>8}" + "".join(f"{counts[outcome]:>12}" for outcome in OUTCOMES))
    total = sum(table.values(), Counter())
    print(f"{'all':<26}{total.total():>8}" + "".join(f"{total[outcome]:>12}" for outcome in OUTCOMES))
    print(f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
