"""Chains to do harm to: a common base and two long branches with transfers, made by the program itself.

The program mines them on a devnet, where blocks come at once. Both branches begin with the same waiting transactions,
so that a reorganisation takes some of them back and mines them again.
"""

import random
import shutil
import struct

from node import Node
from program import Program

ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def bech32m(prefix, data):
    """An address of the 20 bytes `data` (BIP-350)."""
    values, bits, count = [], 0, 0
    for byte in data:
        bits, count = bits << 8 | byte, count + 8
        while count >= 5:
            count -= 5
            values.append(bits >> count & 31)
    if count:
        values.append(bits << 5 - count & 31)

    def checksum(words):
        state = 1
        for word in words:
            top, state = state >> 25, (state & 0x1FFFFFF) << 5 ^ word
            for place, factor in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
                if top >> place & 1:
                    state ^= factor
        return state ^ 0x2BC830A3

    head = [ord(letter) >> 5 for letter in prefix] + [0] + [ord(letter) & 31 for letter in prefix]
    check = checksum(head + values + [0] * 6)
    values += [check >> 5 * (5 - place) & 31 for place in range(6)]
    return prefix + "1" + "".join(ALPHABET[value] for value in values)


def addresses(seed, count):
    chance = random.Random(f"addresses {seed}")
    return [bech32m("dvibe", chance.randbytes(20)) for _ in range(count)]


def records(path):
    """The records of a file of blocks, each with its length in front."""
    data, at, found = path.read_bytes(), 0, []
    while at < len(data):
        length = 4 + struct.unpack_from("<I", data, at)[0]
        found.append(data[at:at + length])
        at += length
    return found


class Material:
    """`base`, `left` and `right`: records of blocks. Both branches stand on the base and are equally long."""

    def __init__(self, base, left, right):
        self.base, self.left, self.right = base, left, right

    def straight(self):
        """No forks at all."""
        return self.base + self.left

    def bulk(self):
        """A long branch, the other beside it and never ahead, but for its last block: then the whole branch falls."""
        order = list(self.base)
        for left, right in zip(self.left[:-1], self.right):
            order += [left, right]
        return order + [self.right[-1]]

    def flips(self, first=3, step=2):
        """The branches overtake each other in turn: reorganisations from depth `first` to the whole branch."""
        order, taken = list(self.base), {"left": first, "right": 0}
        order += self.left[:first]
        side = "right"
        while taken[side] < len(self.left):
            other = "left" if side == "right" else "right"
            to = min(len(self.left), max(taken[other] + 1, taken[side] + step))
            order += getattr(self, side)[taken[side]:to]
            taken[side], side = to, other
        return order


def make(binary, folder, seed, base=120, branch=60, transfers=12):
    """Makes the chains: `base` blocks and two branches of `branch`, with up to `transfers` transfers a block."""
    chance, people = random.Random(f"chains {seed}"), addresses(seed, 24)
    program = Program(binary, folder / "left")

    def grow(node, blocks, miner):
        made = 0
        while made < blocks:
            for _ in range(chance.randint(0, transfers)):
                node.call("dev_faucet", chance.choice(people), str(chance.randint(1, 10**9)))
            count = min(blocks - made, chance.choice((1, 1, 1, 2, 3)))
            node.call("dev_mine", count, people[miner])
            made += count

    node = Node.up(program)
    grow(node, base, 0)
    for _ in range(transfers):
        node.call("dev_faucet", chance.choice(people), "77")
    node.stop_well()
    twin = Program(binary, folder / "right")
    shutil.copytree(program.home, twin.home, dirs_exist_ok=True)
    branches = []
    for place, maker in enumerate((program, twin)):
        node = Node.up(maker)
        grow(node, branch, 1 + place)
        node.stop_well()
        maker.ok("chain", "export", folder / f"{place}.blocks", "--from", base + 1, "--to", base + branch)
        branches.append(records(folder / f"{place}.blocks"))
    program.ok("chain", "export", folder / "base.blocks", "--to", base)
    made = Material(records(folder / "base.blocks"), *branches)
    for maker in (program, twin):
        shutil.rmtree(maker.home)
    return made
