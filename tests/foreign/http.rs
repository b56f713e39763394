//! The foreign server's sockets: threads of its own that read requests and write what the service answers.
//!
//! Leaves out what a request says. Enough of RFC 9112 for a client that says how long its requests are.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use super::{
    service,
    tasks::Tasks,
    ways::{Variation, Ways},
};

/// What goes back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) content: String,
}

impl Answer {
    /// A few words for people.
    pub(crate) fn plain(status: u16, words: &str) -> Self {
        Self { status, content_type: Some("text/plain".to_owned()), content: words.to_owned() }
    }
}

/// Starts a server on a free port of the loopback, for as long as the process lives; its URL.
pub(crate) fn start(ways: &Arc<Ways>) -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    let ways = ways.clone();
    let tasks = Arc::new(Mutex::new(Tasks::new(&ways)));
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (tasks, ways) = (tasks.clone(), ways.clone());
            // A client that goes away is no concern of ours.
            thread::spawn(move || serve(&stream, &tasks, &ways).ok());
        }
    });
    Ok(url)
}

fn serve(stream: &TcpStream, tasks: &Mutex<Tasks>, ways: &Ways) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some((path, content)) = request(&mut reader)? {
        let answer = if path == "/Ipam/Server" {
            service::answer(&content, &mut tasks.lock().expect("no thread panicked"), ways)
        } else {
            Some(Answer::plain(404, "nothing here"))
        };
        let Some(answer) = answer else {
            return stream.shutdown(Shutdown::Both);
        };
        let closes = ways.varies(Variation::ClosesConnections);
        write(stream, &answer, ways)?;
        if closes {
            return stream.shutdown(Shutdown::Write);
        }
    }
    Ok(())
}

/// The path and the content of the next request; none at the end.
fn request(reader: &mut BufReader<&TcpStream>) -> io::Result<Option<(String, String)>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
            Some(_) => {}
            None => break,
        }
    }
    let mut content = vec![0; length];
    reader.read_exact(&mut content)?;
    Ok(Some((path, String::from_utf8(content).map_err(io::Error::other)?)))
}

fn write(mut stream: &TcpStream, answer: &Answer, ways: &Ways) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {} Answered\r\nServer: foreign\r\n", answer.status);
    if let Some(content_type) = &answer.content_type {
        head.extend(["Content-Type: ", content_type, "\r\n"]);
    }
    if ways.varies(Variation::ClosesConnections) {
        head += "Connection: close\r\n";
    }
    if !ways.varies(Variation::SendsInChunks) {
        head.extend(["Content-Length: ", &answer.content.len().to_string(), "\r\n\r\n"]);
        return stream.write_all((head + &answer.content).as_bytes());
    }
    stream.write_all((head + "Transfer-Encoding: chunked\r\n\r\n").as_bytes())?;
    for chunk in answer.content.as_bytes().chunks(11) {
        stream.write_all(format!("{:X};of=eleven\r\n", chunk.len()).as_bytes())?;
        stream.write_all(chunk)?;
        stream.write_all(b"\r\n")?;
    }
    stream.write_all(b"0\r\n\r\n")
}
