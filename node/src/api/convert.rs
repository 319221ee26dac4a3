//! From the ledger's values and the parts' errors to those of the API.

use vibecoin_chain::production::ProductionError;
use vibecoin_chain::{Invalid, ServiceError, Tip as ChainTip};
use vibecoin_consensus::TransactionError;
use vibecoin_mempool::PoolError;
use vibecoin_primitives::{AddressPrefix, Amount, Height, Receipt, Status, Transaction};
use vibecoin_rpc::ApiError;
use vibecoin_rpc::types::{AddressText, BitsText, BlockStatus, HexBytes, ReceiptInfo, Tip, TxInfo, WorkText};
use vibecoin_storage::StoreError;
use vibecoin_storage::blocks::BlockStatus as StoredStatus;

use crate::miner::MinerError;
use crate::pool::SubmitError;

/// A failed read or write.
pub fn store(error: StoreError) -> ApiError {
    ApiError::Storage { reason: error.to_string(), damaged: error.is_damage() }
}

/// A chain that did not answer.
pub fn service(error: ServiceError) -> ApiError {
    match error {
        ServiceError::Store(error) => store(error),
        ServiceError::Stopped => ApiError::Stopping,
    }
}

/// A miner that did not do it.
pub fn miner(error: MinerError) -> ApiError {
    match error {
        MinerError::NoBeneficiary => ApiError::InvalidParams { reason: error.to_string() },
        MinerError::NotStarted { starts_in_ms } => ApiError::NotStarted { starts_in_ms },
        MinerError::AheadOfClock { .. } => ApiError::NotAvailable { reason: error.to_string() },
        MinerError::Production(ProductionError::Store(error)) => store(error),
        MinerError::Production(error) => ApiError::internal(error),
        MinerError::Chain(error) => service(error),
        MinerError::Refused(reason) => refused(&reason),
        MinerError::Stopping => ApiError::Stopping,
    }
}

/// A block that breaks a rule.
pub fn refused(reason: &Invalid) -> ApiError {
    ApiError::BlockRefused {
        rule: reason.rule().to_owned(),
        reason: without_rule(reason.rule(), &reason.to_string()),
    }
}

/// A transaction that was not taken.
pub fn submit(error: SubmitError, next: Height) -> ApiError {
    match error {
        SubmitError::Refused(error) => pool(error, next),
        SubmitError::Stopped => ApiError::Stopping,
    }
}

fn pool(error: PoolError, next: Height) -> ApiError {
    let rule = error.rule().unwrap_or_default().to_owned();
    match error {
        PoolError::Invalid(TransactionError::Expired { valid_until, .. }) => {
            ApiError::Expired { rule, valid_until: Height::new(valid_until), next }
        }
        PoolError::ExpiresSoon { valid_until, next, .. } => ApiError::Expired { rule, valid_until, next },
        PoolError::Underpriced { offered, minimum } => ApiError::FeeTooLow { rule, offered, minimum },
        PoolError::ReplacementUnderpriced { offered, needed, .. } => {
            ApiError::FeeTooLow { rule, offered, minimum: needed }
        }
        PoolError::PoolFull { offered, needed } if needed != u64::MAX => {
            ApiError::FeeTooLow { rule, offered, minimum: needed }
        }
        PoolError::NonceUsed { nonce, expected } => ApiError::NonceUsed { rule, nonce, expected },
        PoolError::NonceGap { nonce, expected } => ApiError::NonceGap { rule, nonce, expected },
        PoolError::InsufficientFunds { needed, pending, balance } => {
            ApiError::InsufficientFunds { rule, needed, available: balance.saturating_sub(pending) }
        }
        PoolError::SenderFull { .. } | PoolError::PoolFull { .. } | PoolError::NoRoom { .. } => {
            let reason = without_rule(&rule, &error.to_string());
            ApiError::PoolFull { rule, reason }
        }
        PoolError::Store(error) => store(error),
        PoolError::Invalid(_)
        | PoolError::Account(_)
        | PoolError::Known { .. }
        | PoolError::AnotherSignature { .. }
        | PoolError::TooLarge { .. } => {
            let reason = without_rule(&rule, &error.to_string());
            ApiError::TxRefused { rule, reason }
        }
    }
}

/// How far a block got.
pub const fn status(status: &StoredStatus) -> BlockStatus {
    match status {
        StoredStatus::HeaderOnly => BlockStatus::Header,
        StoredStatus::Unlinked => BlockStatus::Unlinked,
        StoredStatus::Unexecuted => BlockStatus::Stored,
        StoredStatus::Valid => BlockStatus::Valid,
        StoredStatus::Invalid { .. } => BlockStatus::Invalid,
    }
}

/// The words of an error whose rule is told beside them.
pub fn without_rule(rule: &str, text: &str) -> String {
    text.strip_prefix(rule).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(text).to_owned()
}

/// A tip.
pub fn tip(tip: &ChainTip, prefix: AddressPrefix) -> Tip {
    let header = &tip.block.header;
    Tip {
        height: header.height,
        id: tip.id(),
        parent_id: tip.content.parent_id,
        time: header.time,
        work: WorkText(tip.block.total_work()),
        bits: BitsText(header.bits),
        tx_count: tip.content.tx_count,
        gas_used: tip.content.gas_used,
        beneficiary: AddressText::new(&tip.content.beneficiary, prefix),
    }
}

/// A transaction.
pub fn transaction(transaction: &Transaction, prefix: AddressPrefix) -> TxInfo {
    let body = &transaction.body;
    TxInfo {
        txid: transaction.id(),
        leaf_hash: transaction.leaf_hash(),
        from: AddressText::new(&body.sender(), prefix),
        to: body.to.map(|to| AddressText::new(&to, prefix)),
        value: body.value,
        // Whatever was taken anywhere fits.
        fee_max: body.max_fee().unwrap_or(Amount::MAX),
        nonce: body.nonce,
        gas_limit: body.gas_limit,
        gas_price: body.gas_price,
        valid_until: body.valid_until,
        data: HexBytes::from(body.data.clone()),
        bytes: transaction.encoded_len() as u64,
    }
}

/// What a transaction of this price did.
pub fn receipt(receipt: &Receipt, gas_price: u64, prefix: AddressPrefix) -> ReceiptInfo {
    let gas = Amount::from_beats(receipt.gas_used);
    let fee = gas.checked_mul(gas_price).unwrap_or(Amount::MAX);
    ReceiptInfo {
        succeeded: receipt.status == Status::Done,
        gas_used: receipt.gas_used,
        fee,
        burned: gas,
        tip: fee.saturating_sub(gas),
        contract: receipt.contract.map(|contract| AddressText::new(&contract, prefix)),
    }
}
