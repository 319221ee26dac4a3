"""Everything that a node answers about its chain: two data directories are equal if these are."""

import json

from node import Refused

# What tells the time of asking instead of the chain, or how this process fares.
VOLATILE = {"tip_age_ms", "reorganisations", "received", "received_ms", "age_ms", "waiting_ms", "memory_bytes"}


def settled(key, value):
    """A branch that is made again from its blocks is executed when it would win, and not before."""
    return "valid" if key == "status" and value == "stored" else value


def without_volatile(value):
    if isinstance(value, dict):
        return {key: settled(key, without_volatile(inner)) for key, inner in value.items() if key not in VOLATILE}
    if isinstance(value, list):
        return [without_volatile(inner) for inner in value]
    return value


class Answers(dict):
    """From a question to its answer in one form of writing; refusals are collected apart."""

    def __init__(self):
        super().__init__()
        self.refusals = {}

    def ask(self, api, method, *params):
        question = " ".join([method, *map(str, params)])
        try:
            answer = api.call(method, *params)
        except Refused as refused:
            self.refusals[question] = str(refused)
            return None
        self[question] = json.dumps(without_volatile(answer), sort_keys=True)
        return answer

    def differences(self, other):
        """Questions that both answer, and differently; and those that only `self` answers."""
        changed = [key for key in self if key in other and self[key] != other[key]]
        missing = [key for key in self if key not in other and key not in other.refusals]
        return changed, missing


def collect(api, people=(), side_blocks=(), pool=False):
    """Asks for every block of the active chain, every side block named, every transaction in them, every account."""
    answers, accounts, transactions = Answers(), set(people), []
    tip = answers.ask(api, "chain_tip")
    answers.ask(api, "chain_supply")
    answers.ask(api, "chain_forks")
    for height in range((tip or {"height": -1})["height"] + 1):
        answers.ask(api, "chain_raw_block", height)
        block = answers.ask(api, "chain_block", height)
        if block is None:
            continue
        accounts.add(block["header"]["beneficiary"])
        for transaction in block["transactions"]:
            transactions.append(transaction["txid"])
            accounts.update(who for who in (transaction.get("from"), transaction.get("to")) if who)
    for block in side_blocks:
        answers.ask(api, "chain_raw_block", block)
        answers.ask(api, "chain_header", block)
    for txid in transactions:
        answers.ask(api, "chain_tx", txid)
    for account in sorted(accounts):
        answers.ask(api, "state_account", account)
        answers.ask(api, "state_proof", account)
        answers.ask(api, "account_history", account, None, 1000)
        if tip is not None:
            answers.ask(api, "state_account", account, tip["height"] // 2)
    if pool:
        answers.ask(api, "mempool_list", 1000)
    return answers
