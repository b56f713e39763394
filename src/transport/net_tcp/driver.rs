//! Owns the socket of one session: moves bytes, keeps time, and hands observations over.
//!
//! Leaves out what the bytes are: that is the dialogue's.

use std::{collections::VecDeque, time::Duration};

use bytes::{Buf as _, Bytes};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::mpsc::{Sender, UnboundedReceiver},
    task::{JoinHandle, spawn_blocking},
    time::Instant,
};

use super::{
    dialogue::{Dialogue, Lost},
    until,
};
use crate::{
    session::{End, Observation},
    transport::{
        connection::after,
        negotiate::Worked,
        session::{Arriving, Command},
        stream::connect,
        url::Authority,
    },
};

/// The client's InactivityTimer. [MS-IPAMM2] 3.2.2
const TICK: Duration = Duration::from_secs(15);
/// How long what is left to be said may take to be said when nobody listens any more.
const FAREWELL: Duration = Duration::from_secs(1);

/// Who asks for a session, and is told.
pub(super) struct Outside {
    pub asked: UnboundedReceiver<Command>,
    pub observed: Sender<Observation>,
    pub arriving: Arriving,
}

/// Drives a session until it has ended and was told, or nobody asks for it any more.
pub(super) async fn drive(
    authority: Authority,
    limit: Duration,
    keepalive: bool,
    mut dialogue: Dialogue,
    opened: Instant,
    outside: Outside,
) {
    let Outside { mut asked, observed, arriving } = outside;
    let mut stream = match connect(&authority, after(opened, limit), limit).await {
        Ok(stream) => stream,
        Err(end) => {
            dialogue.end(opened.elapsed(), end);
            return tell(&mut dialogue, &observed).await;
        }
    };
    dialogue.connected(opened.elapsed());
    let (mut reader, mut writer) = stream.split();
    let mut buffer = vec![0; 16 * 1024];
    let mut tick = keepalive.then(|| after(opened, TICK));
    let mut leave = None;
    let mut working: Option<JoinHandle<Worked>> = None;
    let mut can_write = true;
    loop {
        if dialogue.has_ended() && (!can_write || dialogue.output().is_empty()) {
            break;
        }
        if !can_write {
            dialogue.output().clear();
        }
        // A step may wait for a KDC: it has a thread of its own.
        if let Some(work) = dialogue.work() {
            working = Some(spawn_blocking(|| work.run()));
        }
        let leaving = leave.is_some();
        let (full, waits, says) =
            (dialogue.is_full(), dialogue.has_observations(), can_write && !dialogue.output().is_empty());
        tokio::select! {
            permit = observed.reserve(), if waits => match permit {
                Ok(permit) => {
                    if let Some(observation) = dialogue.observation() {
                        permit.send(observation);
                    }
                }
                // Nobody listens: what is left is said, and no more is taken.
                Err(_) => while dialogue.observation().is_some() {},
            },
            read = reader.read(&mut buffer), if !full && !dialogue.has_ended() => match read {
                Ok(0) => dialogue.lost(Lost::Closed, opened.elapsed()),
                Ok(length) => {
                    dialogue.received(buffer.get(..length).unwrap_or_default(), opened.elapsed());
                    let (of, bytes) = dialogue.unfinished();
                    arriving.is(of, bytes);
                }
                Err(_) => dialogue.lost(Lost::Reset, opened.elapsed()),
            },
            written = writer.write(dialogue.output().front().map_or(&[], |piece| piece)), if says => match written {
                Ok(length) => advance(dialogue.output(), length),
                // What the target said before it went is read all the same.
                Err(_) => can_write = false,
            },
            command = asked.recv(), if !leaving => {
                if command.as_ref().is_none_or(Command::is_last) {
                    tick = None;
                }
                if let Some(command) = command {
                    dialogue.command(command, opened.elapsed());
                } else {
                    leave = Some(after(Instant::now(), FAREWELL));
                    dialogue.leave(opened.elapsed());
                }
            },
            worked = async { working.as_mut()?.await.ok() }, if working.is_some() => {
                working = None;
                if let Some(worked) = worked {
                    dialogue.worked(worked, opened.elapsed());
                } else {
                    let reason = "the mechanism cannot read what the target sent".to_owned();
                    dialogue.end(opened.elapsed(), End::SecurityRefused { reason });
                }
            },
            () = until(tick) => {
                dialogue.tick(opened.elapsed());
                tick = Some(after(Instant::now(), TICK));
            },
            () = until(leave) => break,
        }
        if leaving && dialogue.output().is_empty() {
            break;
        }
    }
    tell(&mut dialogue, &observed).await;
}

/// Takes off what was written.
fn advance(output: &mut VecDeque<Bytes>, written: usize) {
    if let Some(piece) = output.front_mut() {
        piece.advance(written.min(piece.len()));
        if piece.is_empty() {
            output.pop_front();
        }
    }
}

/// Hands over what was observed. Where nobody takes it, it is dropped.
async fn tell(dialogue: &mut Dialogue, observed: &Sender<Observation>) {
    while let Some(observation) = dialogue.observation() {
        if observed.send(observation).await.is_err() {
            return;
        }
    }
}
