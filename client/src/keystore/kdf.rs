//! From a password to a key: Argon2id, and how much of it is accepted.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use borsh::{BorshDeserialize, BorshSerialize};
use zeroize::{Zeroize, Zeroizing};

use super::KeystoreError;
use crate::password::Password;

/// Bytes of salt, fresh in every sealing under a new password.
pub const SALT_BYTES: usize = 32;

/// What Argon2id is run with. The fields are written in the file and authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct KdfParams {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl KdfParams {
    /// What new keystores are sealed with: 64 MiB, 3 passes, one lane.
    pub const STANDARD: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };

    /// Memory in KiB.
    #[must_use]
    pub const fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// Passes over the memory.
    #[must_use]
    pub const fn passes(self) -> u32 {
        self.passes
    }

    /// Lanes.
    #[must_use]
    pub const fn lanes(self) -> u32 {
        self.lanes
    }

    pub(super) const fn refused(self) -> KeystoreError {
        KeystoreError::Parameters { memory_kib: self.memory_kib, passes: self.passes, lanes: self.lanes }
    }

    /// The key. Memory is asked for before anything is computed and wiped afterwards.
    pub(super) fn derive(
        self,
        password: &Password,
        salt: &[u8; SALT_BYTES],
    ) -> Result<Zeroizing<[u8; 32]>, KeystoreError> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32));
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.map_err(|_| self.refused())?);
        let count = argon2.params().block_count();
        let mut memory = Memory(Vec::new());
        let no_memory = |_| KeystoreError::OutOfMemory { memory_kib: self.memory_kib };
        memory.0.try_reserve_exact(count).map_err(no_memory)?;
        memory.0.resize(count, Block::new());
        let mut key = Zeroizing::new([0; 32]);
        argon2
            .hash_password_into_with_memory(password.as_bytes(), salt, &mut *key, &mut memory.0)
            .map_err(|_| self.refused())?;
        Ok(key)
    }
}

/// Argon2's working memory: what is left in it is made of the password.
struct Memory(Vec<Block>);

impl Drop for Memory {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(Zeroize::zeroize);
    }
}

/// What keystores are sealed with and which are opened: bounds that a file is held to *before* any memory is
/// asked for, so that a forged file can neither weaken the password nor use up the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub(super) standard: KdfParams,
    least: KdfParams,
    most: KdfParams,
}

impl Policy {
    /// Seals with [`KdfParams::STANDARD`]; opens 64 MiB to 1 GiB, 3 to 16 passes, 1 to 8 lanes.
    pub const STANDARD: Self = Self {
        standard: KdfParams::STANDARD,
        least: KdfParams { memory_kib: 64 * 1024, passes: 3, lanes: 1 },
        most: KdfParams { memory_kib: 1024 * 1024, passes: 16, lanes: 8 },
    };

    /// Costs next to nothing, for tests of everything else.
    #[cfg(test)]
    pub(crate) const CHEAP: Self = {
        let cheap = KdfParams { memory_kib: 64, passes: 1, lanes: 1 };
        Self { standard: cheap, least: cheap, most: cheap }
    };

    /// # Errors
    /// [`KeystoreError::Parameters`] when they are below or above what is accepted.
    pub(super) fn check(self, params: KdfParams) -> Result<(), KeystoreError> {
        let within = (self.least.memory_kib..=self.most.memory_kib).contains(&params.memory_kib)
            && (self.least.passes..=self.most.passes).contains(&params.passes)
            && (self.least.lanes..=self.most.lanes).contains(&params.lanes);
        if within { Ok(()) } else { Err(params.refused()) }
    }
}

#[cfg(test)]
pub(super) fn params(memory_kib: u32, passes: u32, lanes: u32) -> KdfParams {
    KdfParams { memory_kib, passes, lanes }
}
