use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls};

use super::{DatabaseError, tls};
use crate::config::DatabaseUrl;

/// How long the database may take to accept a session. A stopped server is noticed after this long.
const CONNECT: Duration = Duration::from_secs(3);

/// Opens a session that only reads, and whose statements end after this long.
pub async fn connect(url: &DatabaseUrl, statement_timeout: Duration) -> Result<Client, DatabaseError> {
    // Dropped at the deadline, which closes it.
    match tokio::time::timeout(CONNECT, open(url, statement_timeout)).await {
        Ok(client) => client,
        Err(_) => Err(DatabaseError::Silent(CONNECT)),
    }
}

async fn open(url: &DatabaseUrl, statement_timeout: Duration) -> Result<Client, DatabaseError> {
    let mut config: Config = url.expose().parse()?;
    if config.get_application_name().is_none() {
        config.application_name("freshet");
    }
    let client = if config.get_ssl_mode() == SslMode::Require {
        let (client, session) = config.connect(tls::connector()?).await?;
        tokio::spawn(session);
        client
    } else {
        let (client, session) = config.connect(NoTls).await?;
        tokio::spawn(session);
        client
    };
    // Zero would mean that nothing ends it.
    let millis = statement_timeout.as_millis().max(1);
    let settings = format!("SET default_transaction_read_only = on; SET statement_timeout = {millis}");
    client.batch_execute(&settings).await?;
    Ok(client)
}

/// A session that is opened when it is used, and anew once it was lost.
pub struct Connection {
    url: DatabaseUrl,
    statement_timeout: Duration,
    live: Option<Arc<Client>>,
}

impl Connection {
    pub const fn new(url: DatabaseUrl, statement_timeout: Duration) -> Self {
        Self { url, statement_timeout, live: None }
    }

    pub async fn client(&mut self) -> Result<Arc<Client>, DatabaseError> {
        if let Some(live) = self.live.as_ref().filter(|live| !live.is_closed()) {
            return Ok(Arc::clone(live));
        }
        let client = Arc::new(connect(&self.url, self.statement_timeout).await?);
        self.live = Some(Arc::clone(&client));
        Ok(client)
    }

    /// Forgets the session, after an error or a deadline: what it still does concerns nobody.
    pub fn close(&mut self) {
        self.live = None;
    }
}
