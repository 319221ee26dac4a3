//! Mining: `miner_status`, `miner_template`, `miner_submit`, `miner_start`, `miner_stop`.

use vibecoin_consensus::Target;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Address, Header, Timestamp};
use vibecoin_rpc::types::*;
use vibecoin_rpc::{ApiError, Subject};

use super::{Core, convert};
use crate::miner::{Bench, threads_max};

/// `target + 1` as a fraction of all ids: one expected try each.
fn expected_hashes(bits: vibecoin_primitives::Bits) -> Option<f64> {
    vibecoin_consensus::pow::work(bits).ok().map(|work| work.get() as f64)
}

impl Core {
    pub(super) fn miner_status(&self) -> MinerStatus {
        let view = self.miner.view();
        let spec = self.spec();
        let bits = self.chain.reader().tip().block.header.bits;
        let expected_ms = if spec.retargets() && view.hashes_per_s > 0.0 {
            expected_hashes(bits).map(|hashes| hashes / view.hashes_per_s * 1_000.0)
        } else {
            None
        };
        MinerStatus {
            state: view.state,
            running: view.running,
            threads: view.threads,
            threads_max: threads_max(),
            paced: !spec.retargets(),
            interval_ms: spec.interval_ms,
            beneficiary: view.beneficiary.map(|address| self.text(&address)),
            hashes_per_s: view.hashes_per_s,
            expected_ms,
            blocks_found: view.blocks_found,
            last_found: view.last_found.map(|found| BlockPlace {
                height: found.height,
                id: found.id,
                time: found.time,
            }),
            height: view.height,
            transactions: view.transactions,
            reward: view.reward,
            poh_segment_ms: self.heartbeat().last.map(|beat| beat.took.as_secs_f64() * 1_000.0),
        }
    }

    pub(super) fn decode(&self, address: Option<AddressText>) -> Result<Option<Address>, ApiError> {
        address.map(|text| text.decode(self.prefix())).transpose()
    }

    pub(super) async fn miner_start(
        &self,
        beneficiary: Option<AddressText>,
        threads: Option<u32>,
    ) -> Result<MinerStatus, ApiError> {
        let beneficiary = self.decode(beneficiary)?;
        self.miner.start(beneficiary, threads).await.map_err(convert::miner)?;
        Ok(self.miner_status())
    }

    pub(super) async fn miner_stop(&self) -> Result<MinerStatus, ApiError> {
        self.miner.stop().await.map_err(convert::miner)?;
        Ok(self.miner_status())
    }

    pub(super) async fn miner_template(
        &self,
        beneficiary: Option<AddressText>,
    ) -> Result<Template, ApiError> {
        let beneficiary = self.decode(beneficiary)?.or(self.miner.view().beneficiary);
        let beneficiary =
            beneficiary.ok_or(crate::miner::MinerError::NoBeneficiary).map_err(convert::miner)?;
        let bench = Bench::new(self.chain.reader().clone(), self.pool.clone(), self.clock.clone());
        bench.check_started().map_err(convert::miner)?;
        let template = bench.template(beneficiary).await.map_err(convert::miner)?;
        let header = template.header;
        let target = Target::from_bits(header.bits).map_err(ApiError::internal)?;
        let earliest = header.prev_time.checked_add(self.spec().min_delta_ms).unwrap_or(header.time);
        let shown = Template {
            id: header.content_root,
            height: header.height,
            parent_id: template.content.parent_id,
            header: HexBytes::from(header.to_bytes().to_vec()),
            nonce_offset: u32::try_from(Header::NONCE_OFFSET).unwrap_or(u32::MAX),
            bits: BitsText(header.bits),
            target: Hash::new(target.to_be_bytes()),
            time_min: earliest,
            transactions: template.content.tx_count,
            reward: template.reward,
        };
        self.templates.keep(template);
        Ok(shown)
    }

    pub(super) async fn miner_submit(
        &self,
        template: Hash,
        nonce: u64,
        time: Option<Timestamp>,
    ) -> Result<Submitted, ApiError> {
        let block = self.templates.solve(&template, nonce, time);
        self.hand_in(block.ok_or_else(|| ApiError::not_found(Subject::Template, template))?).await
    }
}
