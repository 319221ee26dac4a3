//! The light client over the remote nodes that the user has named.

use std::sync::Arc;
use std::time::Duration;

use vibecoin_client::files::{self, FileError};
use vibecoin_client::light::face::LightFace;
use vibecoin_client::light::server::{ServerUrl, Transport};
use vibecoin_client::light::servers::{AssignmentSecret, Servers};
use vibecoin_client::light::{LightClient, Options};
use vibecoin_rpc::NodeApi;

use crate::attach;
use crate::config::Key;
use crate::context::{Context, now};
use crate::failure::{Failure, Outcome};

/// The file of the secret by which addresses are dealt out to remote nodes.
const SECRET_FILE: &str = "secret";
/// How often a following client asks the other nodes what they think.
const CROSS_CHECK: Duration = Duration::from_secs(60);

/// Whether remote nodes are named: then nothing else is asked.
pub fn is_wanted(context: &Context) -> bool {
    context.config.list(Key::Remote).next().is_some()
}

/// The light client, with what it has proven before. Nobody has been asked anything yet.
///
/// # Errors
/// [`Failure::NoRemote`] if none is named; what the system answers.
pub fn open(context: &Context, change: impl FnOnce(&mut Options)) -> Outcome<Arc<LightClient>> {
    let config = &context.config;
    if !is_wanted(context) {
        return Err(Failure::NoRemote);
    }
    let urls: Vec<ServerUrl> = config
        .list(Key::Remote)
        .map(|url| url.parse().map_err(|error| Failure::Usage(format!("{url}: {error}"))))
        .collect::<Outcome<_>>()?;
    let directory = config.light_dir();
    files::create_directory(&directory)?;
    let transport = Transport { proxy: config.proxy(), ..Transport::default() };
    let servers = Servers::new(&urls, &transport, secret(context)?, config.switch(Key::Spread))?;
    let spec = config.network().spec();
    let mut options = Options::new(spec, Arc::new(now));
    options.directory = Some(directory);
    options.cross_check = CROSS_CHECK;
    options.confirmations = config.number(Key::Confirmations).unwrap_or(options.confirmations);
    change(&mut options);
    for url in urls.iter().filter(|url| url.is_exposed()) {
        context.out.warn(&format!(
            "{url} is asked without encryption: whoever carries the connection sees what is asked"
        ));
    }
    Ok(Arc::new(LightClient::open((**spec).clone(), Arc::new(servers), options)?))
}

/// The face of a light client that has proven the chain, if remote nodes are named.
///
/// # Errors
/// As [`open`]; [`Failure::Sync`] if no remote node proves a chain.
pub async fn face(context: &Context) -> Outcome<Option<Arc<LightFace>>> {
    if !is_wanted(context) {
        return Ok(None);
    }
    let client = open(context, |_| {})?;
    client.sync().await?;
    client.close();
    for warning in client.standing().warnings {
        context.out.warn(&warning.to_string());
    }
    Ok(Some(Arc::new(LightFace::new(client, context.config.network().name()))))
}

/// What answers a command's questions: remote nodes, as far as they prove what they say, if any are named; else the
/// node that runs in the data directory.
///
/// # Errors
/// As [`face`] and [`attach::node`].
pub async fn node(context: &Context) -> Outcome<Arc<dyn NodeApi>> {
    match face(context).await? {
        Some(face) => Ok(face),
        None => Ok(attach::node(context).await?),
    }
}

/// The secret of this machine, made when it is first needed.
fn secret(context: &Context) -> Outcome<AssignmentSecret> {
    let path = context.config.light_dir().join(SECRET_FILE);
    match files::read(&path, 32) {
        Ok(bytes) => {
            let damaged = || Failure::Wrong(format!("{} is damaged: remove it", path.display()));
            Ok(AssignmentSecret::from_bytes(bytes.try_into().map_err(|_| damaged())?))
        }
        Err(FileError::Missing { .. }) => {
            let secret = AssignmentSecret::generate().map_err(Failure::unexpected)?;
            files::replace(&path, secret.reveal())?;
            Ok(secret)
        }
        Err(error) => Err(error.into()),
    }
}
