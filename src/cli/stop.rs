//! Ctrl-C and SIGTERM: the first asks to stop and finish the report, the second ends at once.

use tokio::sync::watch;

/// Watches for a signal to stop; the receiver holds its name once it has come.
pub(super) fn watch_signals() -> watch::Receiver<Option<String>> {
    let (sender, receiver) = watch::channel(None);
    tokio::spawn(async move {
        let first = signal().await;
        let _ = sender.send(Some(first));
        signal().await;
        std::process::exit(i32::from(crate::verdict::exit::INTERRUPTED));
    });
    receiver
}

#[cfg(unix)]
async fn signal() -> String {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return "Ctrl-C".to_owned();
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => "Ctrl-C".to_owned(),
        _ = terminate.recv() => "SIGTERM".to_owned(),
    }
}

#[cfg(not(unix))]
async fn signal() -> String {
    let _ = tokio::signal::ctrl_c().await;
    "Ctrl-C".to_owned()
}
