"""What must hold after a crash, and the uninterrupted run that everything is compared with."""

import http.client
import json
import shutil

from answers import collect
from node import Node, Refused
from program import Program, Wrong

# What a run counts as a failure and goes on after.
FAULTS = (Wrong, Refused, OSError, http.client.HTTPException)


def write_file(path, blocks):
    path.write_bytes(b"".join(blocks))
    return path


class Reference:
    """A list of blocks taken in once without any disturbance: the tip after each, the roots, all answers."""

    def __init__(self, binary, folder, blocks):
        self.blocks = blocks
        self.file = write_file(folder / "all.blocks", blocks)
        program = Program(binary, folder / "reference")
        ended = program.ok("--json", "chain", "import", self.file)
        lines = [json.loads(line) for line in ended.out.splitlines()]
        if len(lines) != len(blocks):
            raise Wrong(f"{len(blocks)} blocks, {len(lines)} verdicts")
        self.ids = [line["id"] for line in lines]
        self.verdicts = [line["verdict"] for line in lines]
        # The genesis, and the tip after each block.
        node = Node.up(program)
        self.genesis = node.call("chain_header", 0)["id"]
        self.tips = [self.genesis]
        for line in lines:
            moved = line["verdict"] in ("extended", "reorganised")
            self.tips.append(line["id"] if moved else self.tips[-1])
        headers = {block: node.call("chain_header", block) for block in [self.genesis, *self.ids]}
        self.roots = {block: header["state_root"] for block, header in headers.items()}
        self.heights = {block: header["height"] for block, header in headers.items()}
        self.parents = {block: header["parent_id"] for block, header in headers.items()}
        self.answers = collect(node.api, side_blocks=self.ids)
        if self.answers.refusals:
            raise Wrong(f"the undisturbed node refuses: {list(self.answers.refusals.items())[:3]}")
        node.stop_well()
        if json.loads(self.answers["chain_tip"])["id"] != self.tips[-1]:
            raise Wrong("the verdicts of the undisturbed run do not lead to its tip")
        shutil.rmtree(program.home)

    def active(self, tip):
        """The ids from the tip down to the genesis."""
        chain = set()
        while tip != self.genesis:
            chain.add(tip)
            tip = self.parents[tip]
        return chain


def acknowledged(process):
    """How many blocks of the file have been told a verdict: lines come in the order of the file, and an import that
    goes on where another one broke off begins in its middle."""
    lines = process.whole_lines()
    return json.loads(lines[-1]).get("index", -1) + 1 if lines else 0


def check_after_crash(program, reference, told):
    """After a crash, `told` blocks of the list having been acknowledged: the directory opens, nothing told is
    missing, the tip is one that an undisturbed run has there or later, and verification finds the same root.
    Gives the height of the tip."""
    info = program.run("--json", "chain", "info", timeout=60)
    if info.code != 0 or info.problems():
        raise Wrong(f"does not open after the crash: {info}")
    tip = info.json()["tip"]["id"]
    if tip not in reference.tips[told:]:
        before = "an earlier tip" if tip in reference.tips else "not a tip of the undisturbed run"
        raise Wrong(f"{told} blocks were acknowledged, and the tip is {tip}: {before}")
    verified = program.json("chain", "verify")
    if verified["id"] != tip or verified["state_root"] != reference.roots[tip]:
        raise Wrong(f"verification says {verified}, the undisturbed run {reference.roots[tip]} for {tip}")
    node = Node.up(program)
    try:
        check_blocks(node, reference, told, reference.active(tip))
    except BaseException:
        node.kill()
        raise
    node.stop_well()
    return reference.heights[tip]


def check_blocks(node, reference, told, active):
    """The first `told` blocks of the list are known, on the chain or beside it as they should be."""
    for block in reference.ids[:told]:
        header = node.call("chain_header", block)
        if header["height"] != reference.heights[block] or header["active"] != (block in active):
            raise Wrong(f"the acknowledged block {block} comes back as {header}")
    if node.call("chain_supply")["balanced"] is not True:
        raise Wrong("the supply does not add up")


def check_complete(program, reference):
    """All blocks are in: every answer must be that of the undisturbed run."""
    node = Node.up(program)
    answers = collect(node.api, side_blocks=reference.ids)
    node.stop_well()
    changed, missing = reference.answers.differences(answers)
    if changed or missing or answers.refusals:
        first = (changed + missing + list(answers.refusals))[0]
        raise Wrong(
            f"{len(changed)} answers differ, {len(missing)} are missing, {len(answers.refusals)} are refused; "
            f"{first}: {reference.answers.get(first)} became {answers.get(first)} {answers.refusals.get(first)}"
        )
