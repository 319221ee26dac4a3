//! Where blocks come from: a node that runs, or the directory.

use std::ops::RangeInclusive;
use std::sync::Arc;

use rayon::prelude::*;
use vibecoin_chain::View;
use vibecoin_crypto::Hash;
use vibecoin_primitives::Height;
use vibecoin_rpc::{ApiError, NodeApi, RpcClient};

use crate::commands::chain::store::{self, OpenChain};
use crate::context::Context;
use crate::failure::{Failure, Outcome};

/// Requests that are under way at once.
const AT_ONCE: usize = 16;

/// See the module.
pub(super) enum Source {
    /// A node, and the runtime to wait for it on.
    Node(Arc<RpcClient>, tokio::runtime::Runtime),
    /// The directory, in which nobody else writes.
    Directory(Box<OpenChain>),
}

impl Source {
    /// The directory, while no node runs.
    pub(super) fn directory(context: &Context) -> Outcome<Self> {
        let open = store::open_existing(context, store::file_policy(context)?)?;
        Ok(Self::Directory(Box::new(open)))
    }

    /// The height of the tip.
    pub(super) fn tip(&self) -> Outcome<u64> {
        match self {
            Self::Node(node, runtime) => Ok(runtime.block_on(node.chain_tip())?.height.get()),
            Self::Directory(open) => Ok(open.chain.tip().height().get()),
        }
    }

    /// The id of the active block of a height, if there is one.
    pub(super) fn id_at(&self, height: u64) -> Outcome<Option<Hash>> {
        let height = Height::new(height);
        match self {
            Self::Node(node, runtime) => match runtime.block_on(node.chain_header(height.into())) {
                Ok(header) => Ok(Some(header.id)),
                Err(ApiError::NotFound { .. }) => Ok(None),
                Err(error) => Err(error.into()),
            },
            Self::Directory(open) => Ok(open.reader().view()?.id_at(height)?),
        }
    }

    /// The active blocks of these heights, each as its encoding.
    pub(super) fn read(&self, heights: RangeInclusive<u64>) -> Outcome<Vec<Vec<u8>>> {
        match self {
            Self::Node(node, runtime) => {
                let ask = |height| async move {
                    Ok::<_, Failure>(node.chain_raw_block(Height::new(height).into()).await?.into_bytes())
                };
                runtime.block_on(async {
                    use futures_util::stream::{StreamExt, TryStreamExt, iter};
                    iter(heights).map(ask).buffered(AT_ONCE).try_collect().await
                })
            }
            Self::Directory(open) => {
                let view = open.reader().view()?;
                let heights: Vec<u64> = heights.collect();
                heights.into_par_iter().map(|height| stored(&view, Height::new(height))).collect()
            }
        }
    }
}

fn stored(view: &View, height: Height) -> Outcome<Vec<u8>> {
    let missing = || Failure::Wrong(format!("block {height} is missing in this store"));
    let id = view.id_at(height)?.ok_or_else(missing)?;
    Ok(view.block(&id)?.ok_or_else(missing)?.encode())
}
