//! Following the proven tip.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::json;
use vibecoin_client::light::LightClient;
use vibecoin_primitives::{Account, Address};

use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::remote;

/// Prints every new tip, and the named addresses whenever what they hold changes, until somebody presses Ctrl-C.
pub(super) async fn run(context: &Context, named: &[String]) -> Outcome {
    let wanted: Vec<Address> = named.iter().map(|text| context.address(text)).collect::<Outcome<_>>()?;
    let client = remote::open(context, |_| {})?;
    client.sync().await?;
    super::warn(context, &client);
    let mut heads = client.heads();
    heads.mark_changed();
    let following = tokio::spawn(Arc::clone(&client).run());
    let mut shown = HashMap::new();
    let ended = loop {
        if heads.changed().await.is_err() {
            break Err(Failure::Interrupted);
        }
        let Some(head) = *heads.borrow_and_update() else { continue };
        let item = json!({ "tip": super::head(&head), "traffic": super::cost(&client) });
        let words = || format!("{} {} {}", head.height(), head.id, head.header.time);
        if let Err(failure) = context.out.item(&item, words) {
            break Err(failure);
        }
        if let Err(failure) = accounts(context, &client, &wanted, &mut shown).await {
            break Err(failure);
        }
    };
    following.abort();
    client.close();
    ended
}

/// Prints the accounts that are not what they were.
async fn accounts(
    context: &Context,
    client: &LightClient,
    wanted: &[Address],
    shown: &mut HashMap<Address, (Account, Account)>,
) -> Outcome {
    for address in wanted {
        // Whoever does not answer now is asked again with the next block.
        let Ok(believed) = client.account(address).await else { continue };
        let Ok((_, newer)) = client.account_unconfirmed(address).await else { continue };
        if shown.insert(*address, (believed.value, newer)) == Some((believed.value, newer)) {
            continue;
        }
        let by = believed.by.to_string();
        let item = super::account(context, address, &by, &believed.value, &newer);
        let words = || format!("{} holds {} VIBE, {by}", context.show(address), believed.value.balance);
        context.out.item(&item, words)?;
    }
    Ok(())
}
