//! Reads the changelog of an application whose process may be running: it joins no group, and takes up no transactional id.

use std::sync::Arc;

use super::clients;
use super::health::KafkaHealth;
use super::prober::Prober;
use super::restore::Restorer;
use super::settings::KafkaSettings;
use super::shared::Shared;
use crate::engine::log::LogError;
use crate::engine::snapshot::StateRecord;

/// The committed records of each partition, up to the ends that they have when asked.
///
/// # Errors
/// As a restore has them: brokers that do not answer, topics that are not there, transactions that stay open.
pub async fn read(settings: KafkaSettings, partitions: i32) -> Result<Vec<Vec<StateRecord>>, LogError> {
    settings.check()?;
    let health = Arc::new(KafkaHealth::default());
    let topics = settings.subscribed();
    let shared = Arc::new(Shared::new(settings, topics, Arc::clone(&health)));
    let prober = Prober::new(Arc::clone(&shared))?;
    let restorer = Arc::new(Restorer::new(Arc::clone(&shared), prober, clients::restorer(&shared.settings, &health)?));
    let mut all = Vec::new();
    for partition in 0..partitions {
        let started = Arc::clone(&restorer).read(partition);
        let mut chunks = started.map_err(|error| LogError::Stop(format!("the system starts no more threads: {error}")))?;
        let mut records = Vec::new();
        while let Some(chunk) = chunks.recv().await {
            let chunk = chunk?;
            records.extend(chunk.iter().map(|record| (record.key.unwrap_or_default().to_vec(), record.value.map(<[u8]>::to_vec))));
        }
        all.push(records);
    }
    Ok(all)
}
