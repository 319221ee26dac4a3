//! The address book, and notes to transactions.

use serde_json::{Value, json};
use vibecoin_client::wallets::Book;

use super::Desk;
use crate::cli::wallet::{ContactsAction, LabelsAction};
use crate::context::hash;
use crate::failure::Outcome;
use crate::output::Side;

/// Lists or changes the contacts.
pub(super) async fn contacts(desk: &Desk<'_>, action: Option<ContactsAction>) -> Outcome {
    let book = match action {
        None => desk.vault.book()?,
        Some(ContactsAction::Add { name, address }) => {
            let address = desk.context.address(&address)?;
            desk.vault.update_book(move |book| book.add_contact(&name, address)).await?
        }
        Some(ContactsAction::Rename { old, new }) => {
            desk.vault.update_book(move |book| book.rename_contact(&old, &new)).await?
        }
        Some(ContactsAction::Remove { name }) => {
            desk.vault.update_book(move |book| book.remove_contact(&name)).await?
        }
    };
    let contacts: Vec<(&str, String)> =
        book.contacts().map(|(name, address)| (name, desk.context.show(address))).collect();
    let answer: Vec<Value> =
        contacts.iter().map(|(name, address)| json!({ "name": name, "address": address })).collect();
    desk.context.out.answer(&answer, |paper| {
        let rows: Vec<Vec<String>> =
            contacts.iter().map(|(name, address)| vec![(*name).to_owned(), address.clone()]).collect();
        paper.table(&[("name", Side::Left), ("address", Side::Left)], &rows, "There is no contact yet.");
    })
}

/// Lists or changes the notes to transactions.
pub(super) async fn labels(desk: &Desk<'_>, action: Option<LabelsAction>) -> Outcome {
    let book: Book = match action {
        None => desk.vault.book()?,
        Some(LabelsAction::Set { txid, text }) => {
            let txid = hash(&txid)?;
            desk.vault.update_book(move |book| book.set_label(txid, &text)).await?
        }
        Some(LabelsAction::Remove { txid }) => {
            let txid = hash(&txid)?;
            desk.vault.update_book(move |book| book.set_label(txid, "")).await?
        }
    };
    let answer: Vec<Value> =
        book.labels().map(|(txid, label)| json!({ "txid": txid, "label": label })).collect();
    desk.context.out.answer(&answer, |paper| {
        let rows: Vec<Vec<String>> =
            book.labels().map(|(txid, label)| vec![txid.to_string(), label.to_owned()]).collect();
        paper.table(&[("txid", Side::Left), ("label", Side::Left)], &rows, "There is no label yet.");
    })
}
