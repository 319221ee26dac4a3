//! Signatures: of messages, and of transactions that another machine made.

use std::io::{self, Read};
use std::path::Path;

use serde_json::json;
use vibecoin_client::files;
use vibecoin_client::message::{self, Proof};
use vibecoin_client::offline;

use super::Desk;
use crate::context::now;
use crate::failure::{Failure, Outcome};

/// A longer file is no message.
const MESSAGE_BYTES_MAX: u64 = 16 << 20;

/// Signs a message with an account's key.
pub(super) async fn sign(desk: &Desk<'_>, text: Option<&str>, file: Option<&Path>, account: u32) -> Outcome {
    desk.open()?;
    let info = desk.vault.account(account)?;
    let message = message_of(text, file)?;
    desk.unlock().await?;
    let proof = desk.vault.sign_message(account, &message, now())?;
    let address = desk.context.show(&info.address);
    let answer = json!({ "address": address, "account": account, "signature": proof.to_string() });
    desk.context.out.answer(&answer, |paper| {
        paper.line(proof);
    })
}

/// Checks the signature of a message.
pub(super) fn verify(
    desk: &Desk<'_>,
    address: &str,
    signature: &str,
    text: Option<&str>,
    file: Option<&Path>,
) -> Outcome {
    let signer = desk.context.address(address)?;
    let proof: Proof = signature.parse()?;
    message::verify(&signer, &message_of(text, file)?, &proof)?;
    let answer = json!({ "address": address, "valid": true });
    desk.context.out.answer(&answer, |paper| {
        paper.line(format!("{address} has signed this message."));
    })
}

/// Signs a transaction that `send --unsigned` made elsewhere.
pub(super) async fn transaction(desk: &Desk<'_>, file: &Path, out: Option<&Path>) -> Outcome {
    let context = desk.context;
    desk.open()?;
    let body = offline::decode_unsigned(&transaction_text(file)?, &context.facts())?;
    let to = body.to.map(|to| context.show(&to)).unwrap_or_default();
    let fee = body.max_fee().unwrap_or_default();
    context.out.say(&format!("This pays {} VIBE to {to}, for a fee of {fee} VIBE.", body.value));
    desk.unlock().await?;
    let (amount, signed) = (body.value, desk.vault.sign(body, now())?);
    let text = offline::encode_signed(&signed);
    if let Some(path) = out {
        files::create(path, format!("{text}\n").as_bytes())?;
    }
    let txid = signed.id();
    let answer = json!({ "txid": txid, "signed": text, "to": to, "amount": amount, "fee": fee, "file": out });
    context.out.answer(&answer, |paper| {
        match out {
            Some(path) => paper.line(format!("Transaction {txid} is signed in {}.", path.display())),
            None => paper.line(&text),
        };
    })
}

/// The text of a transaction: the file's own, or the one in the JSON that `--json` printed into it.
pub(super) fn transaction_text(file: &Path) -> Outcome<String> {
    let bytes = read(file)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::Usage(format!("{}: a transaction is text", file.display())))?;
    let json: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    let inside =
        json.as_ref().and_then(|json| ["signed", "unsigned"].iter().find_map(|key| json[key].as_str()));
    Ok(inside.map_or(text.clone(), ToOwned::to_owned))
}

fn message_of(text: Option<&str>, file: Option<&Path>) -> Outcome<Vec<u8>> {
    match (text, file) {
        (Some(text), _) => Ok(text.as_bytes().to_vec()),
        (None, Some(file)) => read(file),
        (None, None) => Err(Failure::Usage("which message? Give it, or --file".to_owned())),
    }
}

fn read(file: &Path) -> Outcome<Vec<u8>> {
    if file != Path::new("-") {
        return Ok(files::read(file, MESSAGE_BYTES_MAX)?);
    }
    let mut bytes = Vec::new();
    io::stdin().take(MESSAGE_BYTES_MAX).read_to_end(&mut bytes).map_err(Failure::io("standard input"))?;
    Ok(bytes)
}
