//! Audits that nobody asks for by hand.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{AuditError, Options, Report, STATEMENT_TIMEOUT, Servers, Subject, audit};
use crate::catalog::ViewId;
use crate::config::{self, Database, Kafka, RedisUrl};
use crate::database::connect;
use crate::kafka::{Fresh, Lag};
use crate::redis::connect_once;
use crate::telemetry::Metrics;

/// Audits again and again, of this copy's part.
pub struct Background {
    pub subject: Subject,
    pub options: config::Audit,
    pub redis: RedisUrl,
    pub database: Database,
    pub kafka: Kafka,
    /// Tells which views this copy applies the changes of: of all copies it alone audits them.
    pub fresh: Arc<Fresh>,
    pub metrics: Arc<Metrics>,
}

impl Background {
    /// Never ends. What fails is said, and begun again the next time.
    pub async fn go_on(self) {
        loop {
            tokio::time::sleep(self.options.every).await;
            let catalog = &self.subject.catalog;
            let views: Vec<ViewId> =
                catalog.view_ids().filter(|view| self.subject.values.has(*view)).collect();
            let (led, others): (Vec<_>, Vec<_>) = views.into_iter().partition(|view| self.fresh.leads(*view));
            // What this copy once said of them is another's to say.
            self.metrics.not_audited(&others);
            if led.is_empty() {
                continue;
            }
            let seed = fastrand::u64(0..1_000_000);
            match self.once(&led, seed).await {
                Ok(reports) => self.tell(&led, &reports, seed),
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    let cause = error.source().map(ToString::to_string);
                    tracing::warn!(%error, cause, "no audit; the next one is tried in its time");
                }
            }
        }
    }

    async fn once(&self, views: &[ViewId], seed: u64) -> Result<Vec<Report>, AuditError> {
        let mut servers = Servers {
            redis: connect_once(&self.redis).await?,
            database: connect(&self.database.url, STATEMENT_TIMEOUT).await?,
            lag: Arc::new(Lag::new(&self.kafka)?),
        };
        let options = Options { sample: self.options.sample, seed, ..Options::default() };
        audit(&self.subject, &mut servers, views, options, |_, _, _| ()).await
    }

    fn tell(&self, views: &[ViewId], reports: &[Report], seed: u64) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        for (view, report) in views.iter().zip(reports) {
            let outcomes = [
                ("true", report.right),
                ("stale", report.stale.len()),
                ("behind", report.behind.len()),
                ("changed", report.gone + report.changing),
                ("not_compared", report.not_compared()),
            ];
            self.metrics.audited(*view, &outcomes, report.stale.len(), now);
            let (view, checked) = (report.view.as_str(), report.checked);
            if report.stale.is_empty() {
                tracing::debug!(view, checked, seed, "no stale value");
            } else {
                let stale = report.stale.len();
                let remedy = "`freshet audit` with this seed names them";
                tracing::error!(view, checked, stale, seed, remedy, "values are stale");
            }
        }
    }
}
