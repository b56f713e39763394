//! Every lie of net.tcp shows to a client that says the right thing, and none shows to one that only asks.
//!
//! Leaves out the cases that catch them. Follows no document.

use super::dialogue_tests::{Peer, VIA, bytes, envelope, preamble, refusals, request, sized, text_preamble};
use crate::{
    reference::{Behaviour, Moment, Mutant, Scenario, lab::Lab},
    spec::namespace,
    wire::{
        framing::{KnownEncoding, Mode, Record},
        nbfse,
        nbfx::Style,
    },
    xml,
};

fn binary_session() -> Vec<u8> {
    let mut encoder = nbfse::Encoder::new(Style::default());
    let mut stream = preamble(Mode::Duplex, VIA, KnownEncoding::BinarySession);
    for operation in ["GetIpamVersion", "IsIpamConfigured", "IsTaskRunning"] {
        let document = xml::read(request(operation, "urn:x:1").as_bytes(), &xml::Limits::default()).unwrap();
        Record::SizedEnvelopeRecord(encoder.encode(&document.root).into()).write(&mut stream);
    }
    stream
}

/// Messages that must be refused.
fn messages() -> Vec<String> {
    let good = request("IsTaskRunning", "urn:x:1");
    let header = |more: &str| good.replace("</s:Header>", &format!("{more}</s:Header>"));
    let body = good.split("<s:Body>").nth(1).unwrap().split("</s:Body>").next().unwrap();
    vec![
        header("<x:y xmlns:x='urn:x' s:mustUnderstand='1'/>"),
        good.replace(namespace::SOAP12, namespace::SOAP11),
        good.replace(body, &body.repeat(2)),
        header("<a:To>net.tcp://h/Ipam/Nothing</a:To>"),
        envelope("<a:MessageID>urn:x:1</a:MessageID>", body),
        header("<a:Action>urn:x</a:Action>"),
    ]
}

/// What a server says to everything that shows a lie.
fn said(behaviour: &Behaviour) -> Vec<Record> {
    let mut said = Vec::new();
    let mut say = |stream: &[u8]| said.extend(Peer::new(behaviour.clone()).say(stream));
    let asked = sized(&request("IsTaskRunning", "urn:x:1")).to_bytes();
    for (_, stream, _) in refusals() {
        say(&[&stream[..], &[0x0C], &asked].concat());
    }
    let ready = text_preamble();
    let upgrade = Record::UpgradeRequestRecord("application/negotiate".into()).to_bytes();
    let unended = &ready[..ready.len() - 1];
    say(&[unended, &upgrade, &[0x0C]].concat());
    say(&[unended, &asked].concat());
    say(&[&ready[..], &asked, &asked].concat());
    say(&[&ready[..], &bytes(&[Record::EndRecord]), &asked].concat());
    say(&binary_session());
    for message in messages() {
        say(&[&ready[..], &sized(&message).to_bytes()].concat());
    }
    let lab = Lab::new(behaviour.clone(), Scenario::Default, Moment::LAB);
    for _ in 0..2 {
        said.extend(Peer::of(lab.clone()).say(&[&ready[..], &asked].concat()));
    }
    said
}

#[test]
fn every_lie_shows() {
    let plain = said(&Behaviour::default());
    for mutant in Mutant::ALL.iter().filter(|mutant| mutant.is_of_net_tcp()) {
        assert!(said(&(*mutant).into()) != plain, "{mutant:?}");
    }
}
