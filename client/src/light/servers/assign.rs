//! Which server is told of which address.

use std::fmt;

use vibecoin_crypto::Hash;
use vibecoin_crypto::hash::Tag;
use vibecoin_primitives::Address;
use zeroize::Zeroizing;

use crate::light::server::ServerUrl;

static ASSIGN: Tag = Tag::new("vibe/light-assign/v1");

/// Bytes of a secret.
pub const SECRET_BYTES: usize = 32;

/// A secret of this machine's, by which addresses are dealt out to servers. Without it nobody can tell which server an
/// address would be asked at, and so arrange to be that server. It is kept, so that the same server is told every time.
#[derive(Clone)]
pub struct AssignmentSecret(Zeroizing<[u8; SECRET_BYTES]>);

impl fmt::Debug for AssignmentSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AssignmentSecret(..)")
    }
}

impl AssignmentSecret {
    /// A fresh one.
    ///
    /// # Errors
    /// What the system says if it has no random bytes.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        getrandom::fill(&mut *bytes)?;
        Ok(Self(bytes))
    }

    /// One that was kept.
    #[must_use]
    pub fn from_bytes(bytes: [u8; SECRET_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, to be kept where only the user reads.
    #[must_use]
    pub fn reveal(&self) -> &[u8; SECRET_BYTES] {
        &self.0
    }

    /// The weight of a server for an address; the lightest is asked. Each pair has a weight of its own, so a server
    /// that joins or leaves the list moves no address but those that it takes or leaves behind.
    pub(super) fn weight(&self, server: &ServerUrl, address: &Address) -> Hash {
        ASSIGN.hash(&[&*self.0, address.as_bytes(), server.as_str().as_bytes()])
    }
}
