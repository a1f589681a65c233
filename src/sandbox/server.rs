//! Serves HTTP with connections that break on purpose: an answer marked [`CloseConnection`] is never sent.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

/// Marks an answer that is never sent: the connection is closed instead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CloseConnection;

/// An answer whose connection is closed instead.
pub(crate) fn broken() -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(CloseConnection);
    response
}

/// An answer that stops in the middle: half of its bytes, then the connection is closed.
pub(crate) fn cut(text: &str) -> Response {
    let half = text.as_bytes()[..text.len() / 2].to_vec();
    let parts = stream::iter([
        Ok(half),
        Err(std::io::Error::other("cut, as the test asked for")),
    ]);
    let mut response = Body::from_stream(parts).into_response();
    let length = text.len().into();
    response.headers_mut().insert("content-length", length);
    let json = axum::http::HeaderValue::from_static("application/json");
    response.headers_mut().insert("content-type", json);
    response
}

/// Serves `app`, with TLS if it is given.
pub(crate) async fn run(listener: TcpListener, tls: Option<TlsAcceptor>, app: Router) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let (app, tls) = (app.clone(), tls.clone());
        connections.spawn(async move {
            let Some(tls) = tls else {
                return serve(stream, app).await;
            };
            // A phone that does not trust the certificate yet closes the connection.
            if let Ok(stream) = tls.accept(stream).await {
                serve(stream, app).await;
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, app: Router) {
    let answer = service_fn(move |request: hyper::Request<Incoming>| {
        let app = app.clone();
        async move {
            let request: Request = request.map(Body::new);
            let response = match app.oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            if response.extensions().get::<CloseConnection>().is_some() {
                return Err(std::io::Error::other("broken, as the test asked for"));
            }
            Ok(response)
        }
    });
    // Tests break connections on purpose.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), answer)
        .await;
}
