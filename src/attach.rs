//! Finding the node that runs in the data directory, and asking it with its cookie.

use std::sync::Arc;

use vibecoin_rpc::{ApiError, Endpoint, NodeApi, RpcClient};

use crate::commands::is_free;
use crate::context::Context;
use crate::failure::{Failure, Outcome};

/// The node that runs in this data directory.
///
/// # Errors
/// [`Failure::NoNode`] if none runs, [`Failure::OtherNetwork`] if it is of another network.
pub async fn node(context: &Context) -> Outcome<Arc<RpcClient>> {
    match running(context).await? {
        Some(client) => Ok(client),
        None => Err(Failure::NoNode {
            network: context.config.network().name().to_owned(),
            directory: context.config.node_dir(),
        }),
    }
}

/// The node that runs in this data directory, if one does.
///
/// # Errors
/// [`Failure::OtherNetwork`] if it is of another network; what the node or the system answers.
pub async fn running(context: &Context) -> Outcome<Option<Arc<RpcClient>>> {
    match announced(context).await {
        // What a dead node has left may hold anything, and somebody else may listen where it did.
        Err(_) if is_free(&context.config.node_dir()).unwrap_or(false) => Ok(None),
        found => found,
    }
}

/// The node that the files in this data directory speak of.
async fn announced(context: &Context) -> Outcome<Option<Arc<RpcClient>>> {
    let Some(endpoint) = Endpoint::read(&context.config.node_dir())? else { return Ok(None) };
    match RpcClient::attach(&endpoint).await {
        Ok(client) => check(context, client).await.map(Some),
        // A node that was killed leaves its files behind.
        Err(ApiError::Unreachable { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The node at a URL, with the cookie of the data directory if it is the node there. True if it is.
///
/// # Errors
/// [`Failure::Api`] if nobody answers there, [`Failure::OtherNetwork`].
pub async fn at(context: &Context, url: &str) -> Outcome<(Arc<RpcClient>, bool)> {
    // A cookie is a secret: only the server that made it gets to see it.
    let own = Endpoint::read(&context.config.node_dir())?;
    let own = own.filter(|endpoint| endpoint.url.trim_end_matches('/') == url.trim_end_matches('/'));
    let client = RpcClient::connect(url, own.as_ref().map(|endpoint| &endpoint.cookie)).await?;
    Ok((check(context, client).await?, own.is_some()))
}

async fn check(context: &Context, client: RpcClient) -> Outcome<Arc<RpcClient>> {
    let (found, expected) = (client.node_info().await?.genesis_id, context.config.network().genesis_id());
    if found == expected {
        return Ok(Arc::new(client));
    }
    let (url, found, expected) = (client.url().to_owned(), found.to_string(), expected.to_string());
    Err(Failure::OtherNetwork { url, found, expected })
}
