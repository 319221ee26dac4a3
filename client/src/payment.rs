//! What a payment will do, worked out before anything is signed.
//!
//! [`plan`] turns what somebody wants (a [`PaymentRequest`]) and where their account stands (a [`Standing`]) into
//! a [`Review`]: everything the payment will do, in full. [`speed_up`] and [`cancel`] do the same for a payment
//! that is on its way. All of it is arithmetic: there is no node, no key and no clock here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::transaction::{TRANSACTION_GAS_MAX, TRANSACTION_VERSION};
use vibecoin_primitives::{Address, Amount, Height, Transaction, TransactionBody};
use vibecoin_rpc::types::FeePrices;

use crate::keystore::AccountInfo;
use crate::lookalike::LookAlike;

#[cfg(test)]
mod tests;

/// A memo has at most this many bytes. Every byte of it is paid for and stays on the chain for ever.
pub const MEMO_BYTES_MAX: usize = 1_024;

/// How long a payment stays valid unless somebody says otherwise, in blocks.
pub const VALID_FOR_BLOCKS: u64 = 720;

/// Of the price that is replaced, in percent, a replacement pays at least this.
const REPLACEMENT_PERCENT: u128 = 110;

/// A fee of more than this part of the amount is worth a word.
const HIGH_FEE_PART: u64 = 20;

/// Why a payment cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaymentError {
    /// The account has not enough.
    #[error("not enough money: {needed} VIBE needed (the fee of {fee} included), {available} VIBE available{}", maturing_words(*.maturing))]
    InsufficientFunds {
        /// Amount and fee.
        needed: Amount,
        /// The fee.
        fee: Amount,
        /// What can be spent now.
        available: Amount,
        /// What becomes spendable by itself.
        maturing: Amount,
    },
    /// Nothing would be moved.
    #[error("an amount of zero moves nothing")]
    NothingToSend,
    /// No fee of that price can be written.
    #[error("{0} beats per gas is more than can be paid")]
    PriceTooHigh(u64),
    /// The pool would refuse it.
    #[error("{offered} beats per gas is too little: at least {minimum} are asked")]
    PriceTooLow {
        /// What was offered, beats per gas.
        offered: u64,
        /// What is asked, beats per gas.
        minimum: u64,
    },
    /// The memo is too long.
    #[error("a memo has at most {MEMO_BYTES_MAX} bytes; this one has {0}")]
    MemoTooLong(usize),
    /// Only the address is known, and a transaction needs the public key.
    #[error("only the address of this account is known: a payment needs its public key")]
    NoPublicKey,
}

fn maturing_words(maturing: Amount) -> String {
    if maturing.is_zero() { String::new() } else { format!(", {maturing} VIBE more are maturing") }
}

/// How much to pay for being mined soon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FeeChoice {
    /// Within about ten blocks.
    Low,
    /// Within about three blocks.
    #[default]
    Normal,
    /// In the next block.
    High,
    /// An own price, in beats per gas.
    Price(u64),
}

impl FeeChoice {
    /// The price in beats per gas, going by what the node says.
    #[must_use]
    pub const fn price(self, prices: &FeePrices) -> u64 {
        match self {
            Self::Low => prices.blocks_10,
            Self::Normal => prices.blocks_3,
            Self::High => prices.blocks_1,
            Self::Price(price) => price,
        }
    }
}

/// The text is no choice of fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fee is low, normal, high, or a number of beats per gas")]
pub struct FeeChoiceError;

impl FromStr for FeeChoice {
    type Err = FeeChoiceError;

    fn from_str(text: &str) -> Result<Self, FeeChoiceError> {
        match text {
            "low" => Ok(Self::Low),
            "normal" => Ok(Self::Normal),
            "high" => Ok(Self::High),
            digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map(Self::Price).map_err(|_| FeeChoiceError)
            }
            _ => Err(FeeChoiceError),
        }
    }
}

impl fmt::Display for FeeChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Low => f.write_str("low"),
            Self::Normal => f.write_str("normal"),
            Self::High => f.write_str("high"),
            Self::Price(price) => write!(f, "{price}"),
        }
    }
}

/// How much to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmountChoice {
    /// This much; the fee comes on top.
    Exact(Amount),
    /// All that can be spent; the fee is taken from it.
    Max,
}

/// What somebody wants to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentRequest {
    /// The number of the account that pays.
    pub from: u32,
    /// Who is paid.
    pub to: Address,
    /// How much.
    pub amount: AmountChoice,
    /// For which fee.
    pub fee: FeeChoice,
    /// What to write with it; may be empty.
    pub memo: Vec<u8>,
    /// For how many blocks it stays valid; 0: for ever.
    pub valid_for: u64,
}

impl PaymentRequest {
    /// A payment without a memo, for the normal fee.
    #[must_use]
    pub const fn new(from: u32, to: Address, amount: AmountChoice) -> Self {
        Self { from, to, amount, fee: FeeChoice::Normal, memo: Vec::new(), valid_for: VALID_FOR_BLOCKS }
    }
}

/// Where the paying account stands. For a replacement, what the replaced payment takes away is already off
/// `spendable`.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// The network's number.
    pub chain_id: u32,
    /// The account.
    pub account: &'a AccountInfo,
    /// What it can spend beside what is on its way already.
    pub spendable: Amount,
    /// What becomes spendable by itself.
    pub maturing: Amount,
    /// The nonce of its next transaction.
    pub nonce: u64,
    /// The height of the tip.
    pub tip: Height,
    /// What the pool asks.
    pub prices: FeePrices,
}

/// What a transaction of ours is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Purpose {
    /// A payment.
    Payment,
    /// The same payment for more.
    SpeedUp {
        /// The transaction that it replaces.
        of: Hash,
    },
    /// Nothing, in the place of a payment.
    Cancel {
        /// The transaction that it replaces.
        of: Hash,
    },
}

impl Purpose {
    /// The transaction that this one takes the place of.
    #[must_use]
    pub const fn replaces(&self) -> Option<Hash> {
        match self {
            Self::Payment => None,
            Self::SpeedUp { of } | Self::Cancel { of } => Some(*of),
        }
    }
}

/// Something to look at twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The recipient resembles a known address without being it.
    LookAlike(LookAlike),
    /// The recipient is the paying account.
    ToItself,
    /// The fee is more than a twentieth of the amount.
    HighFee,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LookAlike(known) => {
                write!(
                    f,
                    "this address looks like that of \"{}\" and is another one: compare every character",
                    known.name
                )
            }
            Self::ToItself => f.write_str("this pays the account that it comes from"),
            Self::HighFee => f.write_str("the fee is more than a twentieth of the amount"),
        }
    }
}

/// Everything that a payment will do, in full. Nothing is signed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// What it is for.
    pub purpose: Purpose,
    /// The number of the account that pays.
    pub account: u32,
    /// Its address.
    pub from: Address,
    /// Who is paid.
    pub to: Address,
    /// What the recipient is called here, if they are known.
    pub to_name: Option<String>,
    /// What the recipient gets.
    pub amount: Amount,
    /// What is paid for it, exactly: a plain transfer uses all of its gas.
    pub fee: Amount,
    /// Beats per gas.
    pub gas_price: u64,
    /// Amount and fee.
    pub total: Amount,
    /// What is written with it.
    pub memo: Vec<u8>,
    /// The account's count before it.
    pub nonce: u64,
    /// The last height at which it may be mined; none: no limit.
    pub valid_until: Option<Height>,
    /// The height of the tip when this was worked out.
    pub tip: Height,
    /// What the account can spend before it.
    pub spendable_before: Amount,
    /// What it can spend after it.
    pub spendable_after: Amount,
    /// What to look at twice.
    pub warnings: Vec<Warning>,
    pub(crate) body: TransactionBody,
}

impl Review {
    /// What will be signed.
    #[must_use]
    pub const fn body(&self) -> &TransactionBody {
        &self.body
    }

    /// The memo as text, if it is some.
    #[must_use]
    pub fn memo_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.memo).ok().filter(|text| !text.is_empty())
    }

    /// What this body does to an account that can spend `before`; `freed` is what a replaced one gives back.
    fn of(
        purpose: Purpose,
        body: TransactionBody,
        standing: &Standing<'_>,
        freed: Amount,
    ) -> Result<Self, PaymentError> {
        let price_too_high = PaymentError::PriceTooHigh(body.gas_price);
        let fee = body.max_fee().ok_or(price_too_high)?;
        let before = standing.spendable.checked_add(freed).unwrap_or(Amount::MAX);
        let needed = body.value.checked_add(fee);
        let after = needed.and_then(|needed| before.checked_sub(needed));
        let (Some(needed), Some(after)) = (needed, after) else {
            // A sum that no amount can hold is more than there is, too.
            let (needed, maturing) = (needed.unwrap_or(Amount::MAX), standing.maturing);
            return Err(PaymentError::InsufficientFunds { needed, fee, available: before, maturing });
        };
        let to = body.to.unwrap_or_default();
        let from = standing.account.address;
        let cancels = matches!(purpose, Purpose::Cancel { .. });
        let mut warnings = Vec::new();
        if to == from && !cancels {
            warnings.push(Warning::ToItself);
        }
        if fee.beats() > body.value.beats() / HIGH_FEE_PART && !cancels {
            warnings.push(Warning::HighFee);
        }
        Ok(Self {
            purpose,
            account: standing.account.index,
            from,
            to,
            to_name: None,
            amount: body.value,
            fee,
            gas_price: body.gas_price,
            total: needed,
            memo: body.data.clone(),
            nonce: body.nonce,
            valid_until: (body.valid_until != 0).then(|| Height::new(body.valid_until)),
            tip: standing.tip,
            spendable_before: before,
            spendable_after: after,
            warnings,
            body,
        })
    }
}

/// Works out a payment.
///
/// # Errors
/// [`PaymentError`].
pub fn plan(request: &PaymentRequest, standing: &Standing<'_>) -> Result<Review, PaymentError> {
    let public_key = standing.account.public_key.ok_or(PaymentError::NoPublicKey)?;
    if request.memo.len() > MEMO_BYTES_MAX {
        return Err(PaymentError::MemoTooLong(request.memo.len()));
    }
    let gas_price = request.fee.price(&standing.prices);
    let minimum = standing.prices.minimum;
    if gas_price < minimum {
        return Err(PaymentError::PriceTooLow { offered: gas_price, minimum });
    }
    let mut body = TransactionBody {
        version: TRANSACTION_VERSION,
        chain_id: standing.chain_id,
        nonce: standing.nonce,
        valid_until: valid_until(standing.tip, request.valid_for),
        gas_limit: 0,
        gas_price,
        to: Some(request.to),
        value: Amount::ZERO,
        data: request.memo.clone(),
        public_key,
    };
    body.gas_limit = body.intrinsic_gas();
    debug_assert!(body.gas_limit <= TRANSACTION_GAS_MAX, "a memo of a kilobyte is far below the limit");
    body.value = match request.amount {
        AmountChoice::Exact(amount) if amount.is_zero() && body.data.is_empty() => {
            return Err(PaymentError::NothingToSend);
        }
        AmountChoice::Exact(amount) => amount,
        AmountChoice::Max => {
            let fee = body.max_fee().ok_or(PaymentError::PriceTooHigh(gas_price))?;
            // One beat, so that having nothing to send is told as what it is: too little money.
            let least = Amount::from_beats(1);
            standing.spendable.checked_sub(fee).filter(|rest| !rest.is_zero()).unwrap_or(least)
        }
    };
    Review::of(Purpose::Payment, body, standing, Amount::ZERO)
}

/// Works out the same payment for more: at least a tenth above the price it has.
///
/// # Errors
/// [`PaymentError`].
pub fn speed_up(old: &Transaction, fee: FeeChoice, standing: &Standing<'_>) -> Result<Review, PaymentError> {
    let mut body = old.body.clone();
    body.gas_price = replacement_price(old, fee, standing)?;
    if body.valid_until != 0 {
        body.valid_until = body.valid_until.max(valid_until(standing.tip, VALID_FOR_BLOCKS));
    }
    Review::of(Purpose::SpeedUp { of: old.id() }, body, standing, freed_by(old))
}

/// Works out the cheapest transaction that takes the place of a payment: nothing, to oneself.
///
/// # Errors
/// [`PaymentError`].
pub fn cancel(old: &Transaction, fee: FeeChoice, standing: &Standing<'_>) -> Result<Review, PaymentError> {
    let mut body = TransactionBody {
        gas_price: replacement_price(old, fee, standing)?,
        to: Some(standing.account.address),
        value: Amount::ZERO,
        data: Vec::new(),
        valid_until: 0,
        ..old.body.clone()
    };
    body.gas_limit = body.intrinsic_gas();
    Review::of(Purpose::Cancel { of: old.id() }, body, standing, freed_by(old))
}

/// The least price that replaces a transaction, in beats per gas.
#[must_use]
pub fn replacement_minimum(price: u64) -> u64 {
    let tenth_more = (u128::from(price) * REPLACEMENT_PERCENT).div_ceil(100);
    u64::try_from(tenth_more).unwrap_or(u64::MAX).max(price.saturating_add(1))
}

fn replacement_price(
    old: &Transaction,
    fee: FeeChoice,
    standing: &Standing<'_>,
) -> Result<u64, PaymentError> {
    let minimum = replacement_minimum(old.body.gas_price).max(standing.prices.minimum);
    match fee {
        FeeChoice::Price(offered) if offered < minimum => Err(PaymentError::PriceTooLow { offered, minimum }),
        choice => Ok(choice.price(&standing.prices).max(minimum)),
    }
}

/// What the replaced transaction has set aside, and gives back.
fn freed_by(old: &Transaction) -> Amount {
    old.body.max_cost().unwrap_or(Amount::ZERO)
}

/// The last height for a transaction that may be mined in any of the next `blocks`; 0: no limit.
fn valid_until(tip: Height, blocks: u64) -> u64 {
    if blocks == 0 { 0 } else { tip.get().saturating_add(blocks) }
}
