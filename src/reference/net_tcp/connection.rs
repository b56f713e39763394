//! The socket of a net.tcp connection: carries bytes between it and the dialogue, and ends it as the dialogue says.
//!
//! Leaves out everything that the bytes mean. What a peer does is bounded in time.

use std::{
    io,
    time::{Duration, Instant, SystemTime},
};

use tokio::{
    io::AsyncWriteExt as _,
    net::TcpStream,
    sync::watch,
    time::{sleep, sleep_until, timeout},
};

use super::dialogue::{Dialogue, Now, Over};
use crate::reference::{Moment, Variant, lab::Lab};

/// How much is read at once, in bytes.
const PIECE: usize = 8 << 10;
/// How long the peer may take none of what is sent.
const STALLED: Duration = Duration::from_mins(1);
/// How long a peer that was refused has to read why and to go, and how many bytes it may go on to send.
const LEAVE: (Duration, usize) = (Duration::from_secs(2), 64 << 10);

/// Serves one connection until either side ends it or `stop` changes.
pub(in crate::reference) async fn serve(mut stream: TcpStream, lab: Lab, mut stop: watch::Receiver<bool>) {
    let pace =
        Pace { apart: lab.behaviour().varies(Variant::ByteByByte), late: lab.behaviour().varies(Variant::LateRecords) };
    let mut dialogue = Dialogue::new(lab, now());
    let stopping = async { drop(stop.wait_for(|stopped| *stopped).await) };
    tokio::pin!(stopping);
    loop {
        let output = dialogue.output();
        if !output.is_empty() {
            match timeout(STALLED, pace.write(&mut stream, &output)).await {
                Ok(Ok(())) => dialogue.proceed(now()),
                _ => return,
            }
            continue;
        }
        match dialogue.over() {
            None => {}
            Some(Over::Closed) => return drop(stream.shutdown().await),
            Some(Over::Refused) => return drop(timeout(LEAVE.0, leave(&mut stream)).await),
            Some(Over::Aborted) => return,
        }
        let deadline = dialogue.deadline();
        tokio::select! {
            readable = stream.readable() => match readable.and_then(|()| read(&stream, &mut dialogue)) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            },
            () = sleep_until(deadline.into()) => dialogue.wake(now()),
            () = dialogue.due() => dialogue.wake(now()),
            () = stopping.as_mut() => dialogue.stop(),
        }
    }
}

fn now() -> Now {
    Now { instant: Instant::now(), moment: Moment::of(SystemTime::now()) }
}

/// Reads what is there. The bytes pass through the stack, so that a connection that waits holds no buffer.
fn read(stream: &TcpStream, dialogue: &mut Dialogue) -> io::Result<()> {
    let mut piece = [0; PIECE];
    match stream.try_read(&mut piece)? {
        0 => dialogue.end(),
        length => dialogue.receive(piece.get(..length).unwrap_or_default(), now()),
    }
    Ok(())
}

/// Ends the stream and reads on until the peer does too: an unread byte would take back what was just sent.
async fn leave(stream: &mut TcpStream) -> io::Result<()> {
    stream.shutdown().await?;
    let mut more = LEAVE.1;
    loop {
        stream.readable().await?;
        let mut piece = [0; PIECE];
        match stream.try_read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(length) => match more.checked_sub(length) {
                Some(rest) => more = rest,
                None => return Ok(()),
            },
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

/// How output is handed to TCP.
struct Pace {
    /// Each byte by itself.
    apart: bool,
    /// Only after a while.
    late: bool,
}

impl Pace {
    async fn write(&self, stream: &mut TcpStream, output: &[u8]) -> io::Result<()> {
        if self.late {
            sleep(Duration::from_millis(20)).await;
        }
        for piece in output.chunks(if self.apart { 1 } else { output.len().max(1) }) {
            stream.write_all(piece).await?;
        }
        Ok(())
    }
}
