//! Ctrl-C and SIGTERM: the first asks to stop and finish the report, the second ends at once.
//!
//! Leaves out what stopping means: that is the affair of each command.

use tokio::sync::watch;

/// Watches for a signal to stop; the receiver holds its name once it has come. Signals are taken when this returns, so
/// that one which comes at once does not end the process.
pub(super) fn watch_signals() -> watch::Receiver<Option<String>> {
    let (sender, receiver) = watch::channel(None);
    let mut signals = Signals::take();
    tokio::spawn(async move {
        let _ = sender.send(Some(signals.next().await.to_owned()));
        signals.next().await;
        std::process::exit(i32::from(crate::verdict::exit::INTERRUPTED));
    });
    receiver
}

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that are taken; none where the system refuses, which then has its own way with the process.
#[cfg(unix)]
struct Signals {
    interrupt: Option<Signal>,
    terminate: Option<Signal>,
}

#[cfg(unix)]
impl Signals {
    fn take() -> Self {
        Self { interrupt: signal(SignalKind::interrupt()).ok(), terminate: signal(SignalKind::terminate()).ok() }
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            () = come(&mut self.interrupt) => "Ctrl-C",
            () = come(&mut self.terminate) => "SIGTERM",
        }
    }
}

#[cfg(unix)]
async fn come(taken: &mut Option<Signal>) {
    match taken {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn take() -> Self {
        Self
    }

    async fn next(&mut self) -> &'static str {
        let _ = tokio::signal::ctrl_c().await;
        "Ctrl-C"
    }
}
