//! Notes that a connection came up.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tower::{Layer, Service};

/// A connector that raises a flag when a connection is up, TLS included.
#[derive(Clone)]
pub(super) struct Connected<S> {
    connector: S,
    flag: Arc<AtomicBool>,
}

impl Connected<()> {
    pub(super) fn layer(flag: Arc<AtomicBool>) -> ConnectedLayer {
        ConnectedLayer(flag)
    }
}

/// Wraps a connector into `Connected`.
#[derive(Clone)]
pub(super) struct ConnectedLayer(Arc<AtomicBool>);

impl<S> Layer<S> for ConnectedLayer {
    type Service = Connected<S>;

    fn layer(&self, connector: S) -> Connected<S> {
        Connected { connector, flag: Arc::clone(&self.0) }
    }
}

impl<S, R> Service<R> for Connected<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.connector.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let connecting = self.connector.call(request);
        let flag = Arc::clone(&self.flag);
        Box::pin(async move {
            let connection = connecting.await?;
            flag.store(true, Ordering::Release);
            Ok(connection)
        })
    }
}
