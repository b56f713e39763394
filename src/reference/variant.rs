//! The conformant variants of the reference server: other ways of doing the same right thing, none of which may be failed.
//!
//! Leaves out how each is done: that stands where the plain server does its own way.

macro_rules! variants {
    ($($name:ident $word:literal $about:literal;)*) => {
        /// A conformant way of doing things that is not the plain server's own.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Variant {
            $(#[doc = $about] $name,)*
        }

        impl Variant {
            /// Every variant.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What it does, in a line.
            pub fn about(self) -> &'static str {
                match self { $(Self::$name => $about,)* }
            }
        }
    };
}

impl Variant {
    /// Whether it shows in sessions alone.
    pub fn is_of_sessions(self) -> bool {
        self >= Self::ClientCallbackAction && !self.is_of_net_tcp()
    }

    /// Whether it shows on HTTP alone.
    pub fn is_of_http(self) -> bool {
        (Self::SmallChunks..=Self::OtherMediaTypeParameters).contains(&self) || self == Self::ActionInMediaType
    }

    /// Whether it shows on net.tcp alone.
    pub fn is_of_net_tcp(self) -> bool {
        self >= Self::ByteByByte
    }

    /// Finds a variant by its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|variant| variant.name() == name)
    }
}

#[rustfmt::skip]
variants! {
    // How XML is written.
    OtherPrefixes "other-prefixes" "Writes other prefixes than the plain server, and one for each namespace.";
    DefaultNamespaceSoap "default-namespace-soap" "Writes SOAP's elements without a prefix.";
    DeclaresAtRoot "declares-at-root" "Declares every prefix at the envelope.";
    DeclaresEverywhere "declares-everywhere" "Declares prefixes again where they are in scope.";
    ReversedAttributes "reversed-attributes" "Writes attributes in the opposite order, declarations last.";
    SingleQuotes "single-quotes" "Writes attributes in single quotes, with white space around the equals sign.";
    Cdata "cdata" "Writes text as CDATA.";
    SplitCdata "split-cdata" "Writes half of a text plain and half as CDATA.";
    Comments "comments" "Writes comments between elements.";
    CommentsInText "comments-in-text" "Writes a comment inside every text.";
    Indented "indented" "Writes each element on a line of its own, indented.";
    CarriageReturns "carriage-returns" "Writes each element on a line of its own, lines ended by carriage return and line feed.";
    XmlDeclaration "xml-declaration" "Begins with an XML declaration.";
    ByteOrderMark "byte-order-mark" "Begins with a byte order mark.";
    CharacterReferences "character-references" "Writes every character of a text as a reference.";
    OpenAndClose "open-and-close" "Writes empty elements as a start tag and an end tag.";
    WhiteSpaceAfter "white-space-after" "Goes on with white space and a comment after the envelope.";

    // What stands in envelopes.
    ExtraHeader "extra-header" "Writes a header block that nobody knows and nobody must understand.";
    HeadersReversed "headers-reversed" "Writes the header blocks in the opposite order.";
    MessageIdInReply "message-id-in-reply" "Gives every reply an id of its own.";
    ToAnonymous "to-anonymous" "Addresses every reply to the anonymous address.";
    RelationshipType "relationship-type" "Says of RelatesTo that it is a reply.";
    ActionInMediaType "action-in-media-type" "Says a reply's action in the media type alone.";
    ActionNotMustUnderstand "action-not-must-understand" "Does not ask that the action be understood.";

    // Faults.
    BareFaults "bare-faults" "Sends faults without a Header, as the specification's sample of one.";
    ReasonInTwoLanguages "reason-in-two-languages" "Gives a fault's reason in German and in English.";
    OtherReason "other-reason" "Says other words in faults, beyond ASCII.";
    FaultCodeReceiver "fault-code-receiver" "Gives operations' faults the code Receiver, with HTTP status 500.";
    FaultWithSubcode "fault-with-subcode" "Gives operations' faults a subcode, a node and a role.";
    FaultStatus500 "fault-status-500" "Sends every fault with HTTP status 500.";
    OtherExceptionId "other-exception-id" "Names another error in operations' faults.";
    InnerException "inner-exception" "Puts an IpamException inside that of operations' faults.";
    DerivedExceptionData "derived-exception-data" "Writes exception data of a type that derives from IpamExceptionData.";
    SerializedException "serialized-exception" "Writes in an IpamException the fields that .NET serialises with any exception.";
    OperationRefusesInvalid "operation-refuses-invalid" "Reads any word as a taskType and refuses it in the operation.";

    // Values.
    TaskInfoWithoutStatus "task-info-without-status" "Leaves out Status in the list of tasks.";
    TaskInfoWithMore "task-info-with-more" "Writes an element that nobody knows after those of TaskInfo.";
    NilTriggers "nil-triggers" "Lists tasks without triggers.";
    NeverRan "never-ran" "Begins in a world in which no task ever ran.";
    ListsNone "lists-none" "Lists None among the tasks.";
    ListReversed "list-reversed" "Lists the tasks in the opposite order.";
    OffsetTimes "offset-times" "Writes times with a fraction and the offset of a zone.";
    OtherDurations "other-durations" "Writes durations in hours only.";
    NumericBooleans "numeric-booleans" "Writes booleans as 1 and 0.";
    PaddedValues "padded-values" "Writes white space around booleans, numbers, times and durations.";
    SignedNumbers "signed-numbers" "Writes numbers with a sign and a leading zero.";
    TasksTakeLonger "tasks-take-longer" "Runs a started task for ten seconds.";

    // HTTP.
    SmallChunks "small-chunks" "Sends its bodies in chunks of seven bytes.";
    ClosesConnection "closes-connection" "Closes the connection after every reply.";
    TitleCaseFields "title-case-fields" "Writes the names of HTTP fields with capitals.";
    BareMediaType "bare-media-type" "Gives the media type without a parameter.";
    OtherMediaTypeParameters "other-media-type-parameters" "Writes the media type in capitals, its parameters in another order, with one more.";

    // Sessions with progress.
    ClientCallbackAction "client-callback-action" "Sends callbacks with the actions of the client's callback port type.";
    StartReplyFirst "start-reply-first" "Replies to the start of an operation before the first callback.";
    StartReplyLast "start-reply-last" "Replies to the start of an operation after the last callback.";
    NoPercentage "no-percentage" "Tells no percentage of the operation as a whole.";
    NonDeterministic "non-deterministic" "Says that progress cannot be measured, and tells no percentage of the operation.";
    FractionalPercentage "fractional-percentage" "Writes percentages with a fraction.";
    MoreSubtasks "more-subtasks" "Runs operations in five subtasks.";
    LateSubtasks "late-subtasks" "Adds a subtask only when the one before it has ended.";
    SubtasksAddedEnded "subtasks-added-ended" "Adds a subtask when it has ended, its status told by the instance alone.";
    BareInstances "bare-instances" "Says of a subtask its ids, and nothing else.";
    OverallInProgress "overall-in-progress" "Says at its start that the operation is in progress.";
    FaultsInPlaceOfFailure "faults-in-place-of-failure" "Tells of an operation that failed by a fault as the reply to its start.";
    RefusesTypeAtStart "refuses-type-at-start" "Refuses parameters of a wrong type with a fault when the operation is started.";
    RefusesTypeAtInitialize "refuses-type-at-initialize" "Refuses parameters of a wrong type with a fault when the session is initialized.";

    // net.tcp.
    ByteByByte "byte-by-byte" "Sends each byte of a net.tcp connection by itself.";
    LateRecords "late-records" "Waits a while before it sends records, so that the acknowledgement is late and replies are sent together.";
    SilentRefusals "silent-refusals" "Closes a connection that it refuses, without a Fault Record.";
    WindowsRefusals "windows-refusals" "Sends those Fault Records that Windows sends, and no others.";
    ChecksMinorVersion "checks-minor-version" "Refuses a minor version of framing other than 0.";
    ClosesAfterEnd "closes-after-end" "Closes the connection once both sides have ended a session.";
    ClosesWithoutEnd "closes-without-end" "Closes the connection in answer to an End Record, and sends none.";
    PlainRecords "plain-records" "Writes binary XML with names and texts in full: no dictionary, no letters, each end a record of its own.";
    NoStaticDictionary "no-static-dictionary" "Writes no id of the static dictionary.";
    InternsNothing "interns-nothing" "Writes in full what its string table could hold.";
    InternsHeaders "interns-headers" "Puts actions and addresses into its string table, and no names.";
    NoPrefixLetters "no-prefix-letters" "Writes prefixes of one letter as strings.";
    EndElementsApart "end-elements-apart" "Writes the end of an element apart from the text before it.";
    TypedValues "typed-values" "Writes booleans, numbers, times and durations in binary XML as values of their types.";
    ArrayRecords "array-records" "Writes elements of one name that follow each other as an array.";
    UnicodeRecords "unicode-records" "Writes the characters of binary XML in UTF-16.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn variants_are_found_by_names_that_differ() {
        let names: BTreeSet<_> = Variant::ALL.iter().map(|variant| variant.name()).collect();
        assert_eq!(names.len(), Variant::ALL.len());
        for variant in Variant::ALL {
            assert_eq!(Variant::named(variant.name()), Some(*variant));
            assert!(variant.about().ends_with('.'), "{variant:?}");
        }
        assert_eq!(Variant::named("honest"), None);
    }
}
