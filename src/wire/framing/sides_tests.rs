//! Tries both machines: every state with every event, and whole sessions of every mode.
//!
//! Leaves out bytes. Follows [MC-NMF] 3.1.1.1, 3.1.1.2 and 4.1.

use std::fmt::Write as _;

use super::{
    Event,
    Event::{Received, Sent},
    InitiatorState, Mode, ReceiverState, Record, SideState, Symbol, Unexpected,
};

fn mirrored(event: Event) -> Event {
    match event {
        Sent(symbol) => Received(symbol),
        Received(symbol) => Sent(symbol),
        Event::Upgraded => Event::Upgraded,
    }
}

/// Every state that can be reached, beside the same state of the other side.
fn reachable() -> Vec<(InitiatorState, ReceiverState)> {
    let mut states = vec![(InitiatorState::default(), ReceiverState::default())];
    let mut at = 0;
    while let Some(&(initiator, receiver)) = states.get(at) {
        at += 1;
        for event in Event::all() {
            // What one side may do, the other expects.
            match (initiator.next(event), receiver.next(mirrored(event))) {
                (Ok(initiator), Ok(receiver)) if states.iter().all(|(known, _)| *known != initiator) => {
                    states.push((initiator, receiver));
                }
                (Ok(initiator), Ok(receiver)) => assert!(states.contains(&(initiator, receiver))),
                (Err(_), Err(_)) => {}
                differing => panic!("{initiator:?}, {event}: {differing:?}"),
            }
        }
    }
    states
}

/// Every state with every event: those that lead somewhere are in the golden table, all others are unexpected and say
/// what is expected.
#[test]
fn every_state_has_exactly_the_events_of_the_table() {
    let mut table = String::new();
    for (state, _) in reachable() {
        writeln!(table, "{state:?}").unwrap();
        let expected = state.expected();
        for event in Event::all() {
            match state.next(event) {
                Ok(next) => {
                    assert!(expected.contains(&event));
                    writeln!(table, "    {event} -> {next:?}").unwrap();
                }
                Err(unexpected) => {
                    assert!(!expected.contains(&event));
                    let (state, expected) = (SideState::Initiator(state), expected.clone());
                    assert_eq!(unexpected, Unexpected { state, expected, got: event });
                }
            }
        }
    }
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "../../../snapshots" }, {
        insta::assert_snapshot!("framing_initiator", table);
    });
}

#[test]
fn both_sides_are_allowed_the_same_message() {
    for (initiator, receiver) in reachable() {
        assert_eq!(initiator.send_allowed(), receiver.receive_allowed(), "{initiator:?}");
        assert_eq!(initiator.receive_allowed(), receiver.send_allowed(), "{initiator:?}");
        let message = [Symbol::SizedEnvelopeRecord, Symbol::UnsizedEnvelopeRecord, Symbol::Octets];
        let upgrading = matches!(initiator, InitiatorState::UpgradeInProgress(_));
        let may = message.iter().any(|symbol| initiator.expected().contains(&Sent(*symbol)));
        assert_eq!(initiator.send_allowed(), may && !upgrading, "{initiator:?}");
    }
}

/// Drives both sides with what happens at the initiator.
fn exchange(events: impl IntoIterator<Item = Event>) -> Result<(InitiatorState, ReceiverState), Unexpected> {
    events.into_iter().try_fold(Default::default(), |(initiator, receiver): (InitiatorState, ReceiverState), event| {
        Ok((initiator.next(event)?, receiver.next(mirrored(event))?))
    })
}

fn preamble(mode: Mode) -> Vec<Event> {
    use Symbol::{EncodingRecord, ModeRecord, VersionRecord, ViaRecord};
    [VersionRecord, ModeRecord(mode), ViaRecord, EncodingRecord].map(Sent).to_vec()
}

/// The session of 4.1, with an upgrade as in 3.1.1.1.5; then another on the same connection.
#[test]
fn a_duplex_session_runs_to_its_end() {
    use Symbol::{EndRecord, Octets, PreambleAckRecord, PreambleEndRecord, SizedEnvelopeRecord};
    let upgrade = [Sent(Symbol::UpgradeRequestRecord), Received(Symbol::UpgradeResponseRecord)];
    let upgrade = [&upgrade[..], &[Sent(Octets), Received(Octets), Event::Upgraded]].concat();
    let opened = [Sent(PreambleEndRecord), Received(PreambleAckRecord)];
    let messages = [Sent(SizedEnvelopeRecord), Received(SizedEnvelopeRecord)];
    let ended = [Sent(EndRecord), Received(SizedEnvelopeRecord), Received(EndRecord)];
    let session = [&preamble(Mode::Duplex)[..], &upgrade, &opened, &messages, &ended].concat();
    let closed = (InitiatorState::Closed, ReceiverState::Closed);
    assert_eq!(exchange(session.clone()), Ok(closed));
    assert_eq!(exchange([session.clone(), session].concat()), Ok(closed));
}

#[test]
fn a_singleton_unsized_session_runs_to_its_end() {
    use Symbol::{EndRecord, PreambleAckRecord, PreambleEndRecord, UnsizedEnvelopeRecord};
    let request = [Sent(PreambleEndRecord), Received(PreambleAckRecord), Sent(UnsizedEnvelopeRecord), Sent(EndRecord)];
    let request = [&preamble(Mode::SingletonUnsized)[..], &request].concat();
    let closed = Ok((InitiatorState::Closed, ReceiverState::Closed));
    for reply in [&[Received(EndRecord)][..], &[Received(UnsizedEnvelopeRecord), Received(EndRecord)]] {
        assert_eq!(exchange([&request[..], reply].concat()), closed);
    }
    let second = [request, vec![Received(UnsizedEnvelopeRecord); 2]].concat();
    assert_eq!(exchange(second).unwrap_err().got, Received(UnsizedEnvelopeRecord));
}

#[test]
fn modes_without_a_receiver_have_neither_acknowledgement_nor_upgrade() {
    use Symbol::{EndRecord, Octets, PreambleAckRecord, PreambleEndRecord, SizedEnvelopeRecord, UpgradeRequestRecord};
    let simplex = [PreambleEndRecord, SizedEnvelopeRecord, SizedEnvelopeRecord, EndRecord].map(Sent);
    let closed = Ok((InitiatorState::Closed, ReceiverState::Closed));
    assert_eq!(exchange([&preamble(Mode::Simplex)[..], &simplex].concat()), closed);
    let sized = [preamble(Mode::SingletonSized), vec![Sent(Octets); 2]].concat();
    assert_eq!(exchange(sized), Ok((InitiatorState::ExpectOctets, ReceiverState::ExpectOctets)));
    for mode in [Mode::Simplex, Mode::SingletonSized] {
        let upgrade = [preamble(mode), vec![Sent(UpgradeRequestRecord)]].concat();
        assert_eq!(exchange(upgrade).unwrap_err().got, Sent(UpgradeRequestRecord));
        // Windows refuses these modes with a fault.
        let refused = [preamble(mode), vec![Received(Symbol::FaultRecord)]].concat();
        assert_eq!(exchange(refused), Ok((InitiatorState::Faulted, ReceiverState::Faulted)));
    }
    let acknowledged = [&preamble(Mode::Simplex)[..], &[Sent(PreambleEndRecord), Received(PreambleAckRecord)]].concat();
    assert_eq!(exchange(acknowledged).unwrap_err().got, Received(PreambleAckRecord));
}

#[test]
fn an_unexpected_event_is_one_line() {
    let state = ReceiverState::ExpectPreambleEndRecord(Mode::Duplex);
    let unexpected = state.next(Event::received(&Record::EndRecord)).unwrap_err();
    assert_eq!(
        unexpected.to_string(),
        "receiver in ExpectPreambleEndRecord(Duplex): received EndRecord, expected sent FaultRecord or \
         received UpgradeRequestRecord or received PreambleEndRecord"
    );
}
