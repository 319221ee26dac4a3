//! `vibecoin chain generate`: a long valid chain in a short time, for tests and measurements.
//!
//! Every block is made by the miner's own template and goes through the door of every block. It is fast because
//! three things happen at once: a block is imported, the segment after it is made, and the payments of the next one
//! are signed. The same options give the same bytes, on any machine: chance has a seed, and no clock is asked but for
//! where a chain ends that shall end now.
//!
//! Deliberately absent: hard specs. Work is done, not pretended, so the network must be an easy one.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use serde_json::json;
use vibecoin_chain::file::{BlockReader, write_block};
use vibecoin_chain::{Chain, Policy};
use vibecoin_consensus::{pow, rules};
use vibecoin_primitives::transaction::TRANSFER_GAS;
use vibecoin_primitives::{Block, ChainSpec, Timestamp};
use vibecoin_storage::KeyValueStore;
use vibecoin_storage::kv::RocksStore;

use self::maker::{Made, Maker};
use super::grouped::Grouped;
use super::scratch::Scratch;
use super::store::{self, OpenStore};
use crate::cli::chain::GenerateArgs;
use crate::context::{Context, exit_on_interrupt, now};
use crate::failure::{Failure, Outcome};
use crate::progress;

mod chance;
mod crowd;
mod maker;
mod pace;

/// Tries that one block may take on average: a second or so of one processor.
const TRIES_MAX: u128 = 1 << 24;
/// Bytes of a transfer without a memo, and of the longest memo here.
const TRANSFER_BYTES: u64 = 230 + 32;
/// Blocks between two synced writes.
const GROUP: u64 = 1_024;

/// Makes a chain, into a file or on top of what the data directory holds.
///
/// # Errors
/// [`Failure::Usage`] if the network cannot have such a chain; what the disk or the chain answers.
pub(super) fn run(context: &Context, args: &GenerateArgs) -> Outcome {
    exit_on_interrupt(context.out)?;
    let spec = context.config.network().spec();
    check(spec, args)?;
    let started = Instant::now();
    // In the pool itself: what is done together there needs no other thread to wake up first.
    let made = rayon::scope(|_| match &args.out {
        Some(out) => into_file(context, spec, args, out),
        None => into_directory(context, args),
    })?;
    let seconds = started.elapsed().as_secs_f64();
    let per_second = args.blocks as f64 / seconds.max(f64::MIN_POSITIVE);
    let mut answer = json!({
        "blocks": args.blocks,
        "siblings": made.siblings,
        "transactions": made.transactions,
        "height": made.height,
        "tip": made.tip,
        "time": made.time,
        "state_root": made.state_root,
        "work_least": made.work.0.to_string(),
        "work_most": made.work.1.to_string(),
        "seconds": seconds,
        "blocks_per_s": per_second,
    });
    if let Some(out) = &args.out {
        answer["file"] = json!(out);
        answer["bytes"] = json!(made.bytes);
    }
    context.out.answer(&answer, |paper| {
        paper
            .fact("blocks", args.blocks)
            .fact("beside them", made.siblings)
            .fact("transactions", made.transactions)
            .fact("height", made.height)
            .fact("tip", made.tip)
            .fact("found at", format!("{} ms", made.time))
            .fact("state root", made.state_root)
            .fact("tries a block", format!("{} to {}", made.work.0, made.work.1));
        match &args.out {
            Some(out) => paper.fact("file", format!("{} ({} bytes)", out.display(), made.bytes)),
            None => paper.fact("directory", context.config.node_dir().display()),
        };
        paper.line(format!("{seconds:.1} s, {per_second:.0} blocks a second."));
    })
}

/// What no chain of this network can be is said before anything is made.
fn check(spec: &ChainSpec, args: &GenerateArgs) -> Outcome {
    let tries = pow::work(spec.genesis_bits).map_err(Failure::unexpected)?.get();
    if tries > TRIES_MAX {
        let reason = format!(
            "a block of this network takes {tries} tries on average: chains are generated where that is at most \
             {TRIES_MAX}, such as on devnet"
        );
        return Err(Failure::Usage(reason));
    }
    let most = (spec.block_gas / TRANSFER_GAS).min(spec.block_bytes / TRANSFER_BYTES);
    if u64::from(args.txs_per_block) > most {
        return Err(Failure::Usage(format!("a block of this network holds {most} of these transactions")));
    }
    let last = match args.hash_rate_steps {
        Some(_) => args.end_ms,
        None => Some(end_of_schedule(spec, args.blocks)?),
    };
    if let Some(last) = last.filter(|last| args.out.is_none() && *last > now()) {
        return Err(Failure::Usage(format!(
            "the last block would be found at {last} ms, which lies ahead: make fewer, or a file with --out"
        )));
    }
    Ok(())
}

/// When so many blocks after the genesis are there, the interval after one another.
fn end_of_schedule(spec: &ChainSpec, blocks: u64) -> Outcome<Timestamp> {
    let span = spec.interval_ms.checked_mul(blocks);
    span.and_then(|span| spec.genesis_time.checked_add(span))
        .ok_or_else(|| Failure::Usage("so many blocks do not fit the time there is".to_owned()))
}

/// On top of what the directory holds.
fn into_directory(context: &Context, args: &GenerateArgs) -> Outcome<Made> {
    if args.on.is_some() {
        return Err(Failure::Usage("--on needs --out: the directory has a chain of its own".to_owned()));
    }
    let open = OpenStore::open(context)?;
    let group = Grouped::new(Arc::clone(&open.store));
    let mut open = open.chain_over(context, Arc::new(group.clone()), store::file_policy(context)?)?;
    make(context, Maker::new(&mut open.chain, &group, args)?, args, &mut io::sink())
}

/// Over a scratch database, into a file that gets its name when it is whole.
fn into_file(context: &Context, spec: &Arc<ChainSpec>, args: &GenerateArgs, out: &Path) -> Outcome<Made> {
    if out == Path::new("-") {
        let folder = std::env::temp_dir().join(format!("vibecoin-generate-{}", std::process::id()));
        let mut output = BufWriter::with_capacity(1 << 20, io::stdout().lock());
        let made = over_scratch(context, spec, args, Scratch::new(folder)?, &mut output)?;
        output.flush().map_err(Failure::io("standard output"))?;
        return Ok(made);
    }
    let (part, folder) = (beside(out, ".part"), beside(out, ".making"));
    let failed = |error| Failure::io(&part)(error);
    let mut output = BufWriter::with_capacity(1 << 20, File::create(&part).map_err(failed)?);
    let made = over_scratch(context, spec, args, Scratch::new(folder)?, &mut output)?;
    let file = output.into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(failed)?;
    fs::rename(&part, out).map_err(Failure::io(out))?;
    Ok(made)
}

fn over_scratch(
    context: &Context,
    spec: &Arc<ChainSpec>,
    args: &GenerateArgs,
    scratch: Scratch,
    output: &mut dyn Write,
) -> Outcome<Made> {
    let group = Grouped::new(Arc::new(RocksStore::open(scratch.path())?));
    let store: Arc<dyn KeyValueStore> = Arc::new(group.clone());
    let mut chain = Chain::open(store, (**spec).clone(), Policy::FILE)?;
    if let Some(file) = &args.on {
        take_in(&mut chain, spec, file)?;
    }
    make(context, Maker::new(&mut chain, &group, args)?, args, output)
}

/// The blocks that the new ones stand on.
fn take_in(chain: &mut Chain, spec: &ChainSpec, file: &Path) -> Outcome {
    let input = io::BufReader::with_capacity(1 << 20, File::open(file).map_err(Failure::io(file))?);
    let wrong = |reason: &dyn std::fmt::Display| Failure::Wrong(format!("{}: {reason}", file.display()));
    for bytes in BlockReader::new(input, spec) {
        let block =
            rules::decode(spec, &bytes.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
        let report = chain.import(block, Timestamp::new(u64::MAX))?;
        if let vibecoin_chain::Verdict::Invalid(reason) = report.verdict {
            return Err(wrong(&reason));
        }
    }
    Ok(())
}

fn make(
    context: &Context,
    mut maker: Maker<'_>,
    args: &GenerateArgs,
    output: &mut dyn Write,
) -> Outcome<Made> {
    let path = args.out.clone().unwrap_or_else(|| context.config.node_dir());
    let bar = progress::bar(&context.out, "making", "blocks", args.blocks);
    let mut bytes = 0;
    let mut put = |block: &Block| -> Outcome {
        let encoded = block.encode();
        bytes += 4 + encoded.len() as u64;
        write_block(&mut &mut *output, &encoded).map_err(Failure::io(&path))
    };
    for number in 1..=args.blocks {
        // Beside the last block nothing stands, so that every order of delivery ends in the same tip.
        let wants_sibling = args.forks.is_some_and(|every| number % every == 0) && number < args.blocks;
        if let Some(sibling) = maker.next(wants_sibling)? {
            put(&sibling)?;
        }
        put(maker.newest()?)?;
        if number % GROUP == 0 {
            maker.settle()?;
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    maker.finish().map(|made| Made { bytes, ..made })
}

/// A name beside another.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
