//! The machines of operations with progress: figure 13, the server's side of a session, and figure 14, the client's.
//!
//! Read an arrow as the figure has it: state, what is called, what is then done, when, next state, requirement. Where the
//! figure has one state and an outsider sees more (was it refused? how did it end?), the state stands here more than once,
//! with a note. Leaves out rules about what callbacks hold. Follows [MS-IPAMM2] 3.19.1.1, 3.19.4, 3.21.1.1 and the
//! rulings on what those leave open.

use super::{
    event::Symbol,
    machine::{
        Arrow, CALLED, CALLED_BACK, Guard, INITIALIZING, LEFT, Machine, Output, REPEATS, REPLIED, Refusal, Rules,
        SEVERAL, State, StateId, Tells, UNSEEN_END,
    },
};

/// StartProgressCallback.
pub const BEGIN: Symbol = Symbol::callback(0);
/// AddSubTask.
pub const ADD: Symbol = Symbol::callback(1);
/// SetSubTaskStatus.
pub const SUBTASK: Symbol = Symbol::callback(2);
/// SetCompletionPercentage.
pub const PERCENTAGE: Symbol = Symbol::callback(3);
/// SetOverallStatus with a value that does not end the operation.
pub const GOES_ON: Symbol = Symbol::callback(4);
/// SetOverallStatus with CompletedWithSuccess.
pub const SUCCESS: Symbol = Symbol::callback(5);
/// SetOverallStatus with CompletedWithFailure.
pub const FAILURE: Symbol = Symbol::callback(6);
/// SetOverallStatus with a value that is none of its type.
pub const UNKNOWN: Symbol = Symbol::callback(7);

const OUTPUTS: &[Output] = &[
    Output { symbol: BEGIN, name: "StartProgressCallback", tells: Tells::Begin },
    Output { symbol: ADD, name: "AddSubTask", tells: Tells::Added },
    Output { symbol: SUBTASK, name: "SetSubTaskStatus", tells: Tells::SubtaskStatus },
    Output { symbol: PERCENTAGE, name: "SetCompletionPercentage", tells: Tells::Percentage },
    Output { symbol: GOES_ON, name: "SetOverallStatus (in progress)", tells: Tells::GoesOn },
    Output { symbol: SUCCESS, name: "SetOverallStatus (CompletedWithSuccess)", tells: Tells::Success },
    Output { symbol: FAILURE, name: "SetOverallStatus (CompletedWithFailure)", tells: Tells::Failure },
    Output { symbol: UNKNOWN, name: "SetOverallStatus (a value of another type)", tells: Tells::Nothing },
];
const CALLBACKS: &[Symbol] = &[BEGIN, ADD, SUBTASK, PERCENTAGE, GOES_ON, SUCCESS, FAILURE, UNKNOWN];

// The states of 3.19.1.1, in the order of a session.
const SESSION: StateId = 0;
const REFUSED: StateId = 1;
const INITIALIZED: StateId = 2;
const REPLIED_FIRST: StateId = 3;
const STARTED: StateId = 4;
const FAULTED: StateId = 5;
const UNPREPARED: StateId = 6;
const REFUSED_STARTED: StateId = 7;
const SUCCEEDED: StateId = 8;
const FAILED: StateId = 9;
const UNSAID: StateId = 10;
const CLOSED: StateId = 11;

const ALWAYS: Guard = Guard::ALWAYS;
/// Of several starts, one was refused.
const ANOTHER: Guard = Guard::when(SEVERAL);
/// Of one start.
const ALONE: Guard = Guard::unless(SEVERAL);
/// The first reply to a start.
const FIRST: Guard = Guard::unless(REPLIED);
/// The reply to another start.
const SECOND: Guard = Guard::when(REPLIED);
/// A start waits, and nothing that could still initialize the session.
const START_ALONE: Guard = Guard::when(CALLED).but_not(INITIALIZING);
/// Both wait, and the first may have been taken.
const START_BEHIND: Guard = Guard::when(CALLED | INITIALIZING);

const REPLY: &str = "initialize-operation-parameters.replies";
const LEFT_AS_IT_WAS: &str = "initialize-operation-parameters.invalid-leaves-uninitialized";
const ENDS: &str = "initialize-operation-parameters.invalid-ends-session";
const INITIALIZE_AGAIN: &str = "initialize-operation-parameters.again";
const START_REPLY: &str = "start-operation-with-callback.replies";
const BEGINS: &str = "start-operation-with-callback.starts-progress";
const UNINITIALIZED: &str = "start-operation-with-callback.uninitialized-does-not-succeed";
const START_AGAIN: &str = "start-operation-with-callback.again";
const WHEN_STARTED: &str = "progress.callbacks-when-started";
const ONGOING: &str = "progress.overall-in-progress";
const STATUS: &str = "progress.overall-status-told";
const FAILURE_TOLD: &str = "progress.failure-told";
const NOTHING_AFTER: &str = "progress.nothing-after-end";
const SERVER_ENDS: &str = "progress.server-ends-session";
const IGNORED: &str = "progress-callback.from-client-ignored";
/// The document leaves it open.
const OPEN: &str = "";

/// The requirements of the rules that every family has.
static RULES: Rules = Rules {
    initialize_once: "session.one-reply",
    initialize_action: "initialize-operation-parameters.response-action",
    initialize_element: "initialize-operation-parameters.response-element",
    no_parameters: "initialize-operation-parameters.null-faults",
    unknown_operation: "initialize-operation-parameters.invalid-operation-id-faults",
    start_once: START_REPLY,
    start_action: "start-operation-with-callback.response-action",
    start_element: "start-operation-with-callback.response-element",
    callback_action: "progress-callback.action",
    callback_element: "progress-callback.element",
    callback_types: "progress-callback.types",
    callback_ignored: IGNORED,
    callback_silent: "progress-callback.from-client-silent",
    nothing_after_end: NOTHING_AFTER,
};

const fn by(
    from: StateId,
    input: Symbol,
    output: Symbol,
    guard: Guard,
    to: StateId,
    requirement: &'static str,
) -> Arrow {
    Arrow { from, input: Some(input), output, guard, to, requirement }
}

const fn own(from: StateId, output: Symbol, guard: Guard, to: StateId, requirement: &'static str) -> Arrow {
    Arrow { from, input: None, output, guard, to, requirement }
}

const INITIALIZE: Symbol = Symbol::INITIALIZE;
const INIT_REPLY: Symbol = Symbol::INITIALIZED;
const INIT_FAULT: Symbol = Symbol::INITIALIZE_FAULT;
const START: Symbol = Symbol::START;
const REPLIES: Symbol = Symbol::STARTED;
const FAULT: Symbol = Symbol::START_FAULT;
const END: Symbol = Symbol::END;
const BROKEN: Symbol = Symbol::BROKEN;
const LATE: Symbol = Symbol::LATE;

/// IIpamOperationWithProgress, the management server's side.
pub static OPERATION_WITH_PROGRESS: Machine = Machine {
    name: "IIpamOperationWithProgress",
    section: "3.19.1.1",
    figure: 13,
    initialize: "InitializeOperationParameters",
    start: "StartOperationWithCallback",
    outputs: OUTPUTS,
    states: &[
        State::named("Session Initialized"),
        State::noted("Session Initialized", "parameters refused"),
        State::named("OperationWithProgress Initialized"),
        State::noted("OperationWithProgress Started", "StartProgressCallback to come"),
        State::named("OperationWithProgress Started"),
        State::noted("OperationWithProgress Started", "refused with a fault"),
        State::noted("OperationWithProgress Started", "not initialized"),
        State::noted("OperationWithProgress Started", "parameters refused"),
        State::noted("OperationWithProgress Completed", "with success"),
        State::noted("OperationWithProgress Completed", "with failure"),
        State::named("not spoken of"),
        State::named("session faulted or closed"),
    ],
    end: CLOSED,
    unsaid: Some(UNSAID),
    arrows: &[
        // The way of the figure.
        by(SESSION, INITIALIZE, INIT_REPLY, ALWAYS, INITIALIZED, REPLY),
        by(INITIALIZED, START, BEGIN, Guard::when(CALLED), STARTED, BEGINS),
        own(STARTED, ADD, ALWAYS, STARTED, WHEN_STARTED),
        own(STARTED, SUBTASK, ALWAYS, STARTED, WHEN_STARTED),
        own(STARTED, PERCENTAGE, ALWAYS, STARTED, WHEN_STARTED),
        own(STARTED, SUCCESS, ALWAYS, SUCCEEDED, STATUS),
        own(STARTED, FAILURE, ALWAYS, FAILED, STATUS),
        // Session Initialized: what is not valid is refused, and ends the session.
        by(SESSION, INITIALIZE, INIT_FAULT, ALWAYS, REFUSED, LEFT_AS_IT_WAS),
        by(REFUSED, INITIALIZE, INIT_REPLY, ALWAYS, INITIALIZED, REPLY),
        by(REFUSED, INITIALIZE, INIT_FAULT, ALWAYS, REFUSED, LEFT_AS_IT_WAS),
        // Ruling `out-of-order-call`: a start comes too early. Success must not come of it, all else is open.
        by(SESSION, START, FAULT, ALWAYS, SESSION, UNINITIALIZED),
        by(SESSION, START, BEGIN, START_ALONE, UNPREPARED, OPEN),
        by(SESSION, START, BEGIN, START_BEHIND, UNSAID, OPEN),
        by(SESSION, START, REPLIES, Guard::unless(INITIALIZING), UNPREPARED, OPEN),
        by(SESSION, START, REPLIES, Guard::when(INITIALIZING), UNSAID, OPEN),
        by(SESSION, START, FAILURE, Guard::when(CALLED), FAILED, UNINITIALIZED),
        by(REFUSED, START, FAULT, ALWAYS, REFUSED, LEFT_AS_IT_WAS),
        by(REFUSED, START, BEGIN, START_ALONE, REFUSED_STARTED, OPEN),
        by(REFUSED, START, BEGIN, START_BEHIND, UNSAID, OPEN),
        by(REFUSED, START, REPLIES, Guard::unless(INITIALIZING), REFUSED_STARTED, OPEN),
        by(REFUSED, START, REPLIES, Guard::when(INITIALIZING), UNSAID, OPEN),
        by(REFUSED, START, FAILURE, Guard::when(CALLED), FAILED, LEFT_AS_IT_WAS),
        // OperationWithProgress Initialized: the start is replied to in any place (ruling `start-response-order`).
        by(INITIALIZED, START, REPLIES, ALWAYS, REPLIED_FIRST, START_REPLY),
        by(REPLIED_FIRST, START, BEGIN, Guard::when(CALLED), STARTED, BEGINS),
        // A start that is refused leaves it initialized, or is the operation's failure (ruling `fault-during-operation`).
        by(INITIALIZED, START, FAULT, ALWAYS, INITIALIZED, FAILURE_TOLD),
        by(INITIALIZED, START, FAULT, ALWAYS, FAULTED, FAILURE_TOLD),
        by(INITIALIZED, INITIALIZE, INIT_REPLY, ALWAYS, INITIALIZED, INITIALIZE_AGAIN),
        by(INITIALIZED, INITIALIZE, INIT_FAULT, ALWAYS, INITIALIZED, INITIALIZE_AGAIN),
        by(INITIALIZED, INITIALIZE, INIT_FAULT, ALWAYS, REFUSED, INITIALIZE_AGAIN),
        // OperationWithProgress Started.
        own(STARTED, GOES_ON, ALWAYS, STARTED, ONGOING),
        // Two operations tell success of each zone, and none knows which is the last.
        own(STARTED, SUCCESS, Guard::when(REPEATS), STARTED, STATUS),
        own(STARTED, UNKNOWN, ALWAYS, STARTED, OPEN),
        own(STARTED, UNKNOWN, ALWAYS, FAILED, OPEN),
        by(STARTED, START, REPLIES, FIRST, STARTED, START_REPLY),
        by(STARTED, START, FAULT, FIRST, FAULTED, FAILURE_TOLD),
        // Of another start, or another initialization, the document says nothing: refused, it changes nothing.
        by(REPLIED_FIRST, START, FAULT, ALWAYS, REPLIED_FIRST, START_AGAIN),
        by(REPLIED_FIRST, START, REPLIES, ALWAYS, UNSAID, START_AGAIN),
        by(STARTED, START, FAULT, ANOTHER, STARTED, START_AGAIN),
        by(STARTED, START, REPLIES, SECOND, UNSAID, START_AGAIN),
        by(STARTED, START, BEGIN, Guard::when(CALLED), UNSAID, START_AGAIN),
        by(SUCCEEDED, START, FAULT, ANOTHER, SUCCEEDED, START_AGAIN),
        by(SUCCEEDED, START, REPLIES, SECOND, UNSAID, START_AGAIN),
        by(SUCCEEDED, START, BEGIN, Guard::when(CALLED), UNSAID, START_AGAIN),
        by(FAILED, START, REPLIES, SECOND, UNSAID, START_AGAIN),
        by(FAILED, START, BEGIN, Guard::when(CALLED), UNSAID, START_AGAIN),
        by(FAULTED, START, REPLIES, ALWAYS, UNSAID, START_AGAIN),
        by(FAULTED, START, BEGIN, Guard::when(CALLED), UNSAID, START_AGAIN),
        by(REPLIED_FIRST, INITIALIZE, INIT_FAULT, ALWAYS, REPLIED_FIRST, INITIALIZE_AGAIN),
        by(REPLIED_FIRST, INITIALIZE, INIT_REPLY, ALWAYS, UNSAID, INITIALIZE_AGAIN),
        by(STARTED, INITIALIZE, INIT_FAULT, ALWAYS, STARTED, INITIALIZE_AGAIN),
        by(STARTED, INITIALIZE, INIT_REPLY, ALWAYS, UNSAID, INITIALIZE_AGAIN),
        by(SUCCEEDED, INITIALIZE, INIT_FAULT, ALWAYS, SUCCEEDED, INITIALIZE_AGAIN),
        by(SUCCEEDED, INITIALIZE, INIT_REPLY, ALWAYS, UNSAID, INITIALIZE_AGAIN),
        by(FAILED, INITIALIZE, INIT_FAULT, ALWAYS, FAILED, INITIALIZE_AGAIN),
        by(FAILED, INITIALIZE, INIT_REPLY, ALWAYS, UNSAID, INITIALIZE_AGAIN),
        by(FAULTED, INITIALIZE, INIT_FAULT, ALWAYS, FAULTED, INITIALIZE_AGAIN),
        by(FAULTED, INITIALIZE, INIT_REPLY, ALWAYS, UNSAID, INITIALIZE_AGAIN),
        by(UNPREPARED, INITIALIZE, INIT_FAULT, ALWAYS, UNPREPARED, INITIALIZE_AGAIN),
        by(UNPREPARED, INITIALIZE, INIT_REPLY, ALWAYS, UNSAID, INITIALIZE_AGAIN),
        by(REFUSED_STARTED, INITIALIZE, INIT_FAULT, ALWAYS, REFUSED_STARTED, INITIALIZE_AGAIN),
        by(REFUSED_STARTED, INITIALIZE, INIT_REPLY, ALWAYS, UNSAID, INITIALIZE_AGAIN),
        // Refused with a fault: what still comes tells of the failure.
        own(FAULTED, BEGIN, Guard::unless(CALLED), FAULTED, FAILURE_TOLD),
        own(FAULTED, ADD, ALWAYS, FAULTED, FAILURE_TOLD),
        own(FAULTED, SUBTASK, ALWAYS, FAULTED, FAILURE_TOLD),
        own(FAULTED, PERCENTAGE, ALWAYS, FAULTED, FAILURE_TOLD),
        own(FAULTED, GOES_ON, ALWAYS, FAULTED, FAILURE_TOLD),
        own(FAULTED, UNKNOWN, ALWAYS, FAILED, OPEN),
        own(FAULTED, FAILURE, ALWAYS, FAILED, FAILURE_TOLD),
        by(FAULTED, START, FAULT, ALWAYS, FAULTED, START_AGAIN),
        // Started without having been initialized: everything but success.
        own(UNPREPARED, BEGIN, ALWAYS, UNPREPARED, OPEN),
        own(UNPREPARED, ADD, ALWAYS, UNPREPARED, OPEN),
        own(UNPREPARED, SUBTASK, ALWAYS, UNPREPARED, OPEN),
        own(UNPREPARED, PERCENTAGE, ALWAYS, UNPREPARED, OPEN),
        own(UNPREPARED, GOES_ON, ALWAYS, UNPREPARED, OPEN),
        own(UNPREPARED, UNKNOWN, ALWAYS, FAILED, OPEN),
        own(UNPREPARED, FAILURE, ALWAYS, FAILED, UNINITIALIZED),
        by(UNPREPARED, START, REPLIES, ALWAYS, UNPREPARED, OPEN),
        by(UNPREPARED, START, FAULT, ALONE, SESSION, UNINITIALIZED),
        by(UNPREPARED, START, FAULT, ANOTHER, UNSAID, OPEN),
        own(REFUSED_STARTED, BEGIN, ALWAYS, REFUSED_STARTED, OPEN),
        own(REFUSED_STARTED, ADD, ALWAYS, REFUSED_STARTED, OPEN),
        own(REFUSED_STARTED, SUBTASK, ALWAYS, REFUSED_STARTED, OPEN),
        own(REFUSED_STARTED, PERCENTAGE, ALWAYS, REFUSED_STARTED, OPEN),
        own(REFUSED_STARTED, GOES_ON, ALWAYS, REFUSED_STARTED, OPEN),
        own(REFUSED_STARTED, UNKNOWN, ALWAYS, FAILED, OPEN),
        own(REFUSED_STARTED, FAILURE, ALWAYS, FAILED, LEFT_AS_IT_WAS),
        by(REFUSED_STARTED, START, REPLIES, ALWAYS, REFUSED_STARTED, OPEN),
        by(REFUSED_STARTED, START, FAULT, ALONE, REFUSED, LEFT_AS_IT_WAS),
        by(REFUSED_STARTED, START, FAULT, ANOTHER, UNSAID, OPEN),
        // OperationWithProgress Completed: the reply may still come; a failure may be a fault as well.
        by(SUCCEEDED, START, REPLIES, FIRST, SUCCEEDED, START_REPLY),
        by(FAILED, START, REPLIES, FIRST, FAILED, START_REPLY),
        by(FAILED, START, FAULT, ALWAYS, FAILED, FAILURE_TOLD),
        // The session is closed, from any state; of an operation that runs it is first told how it ended.
        own(SESSION, END, ALWAYS, CLOSED, OPEN),
        own(REFUSED, END, ALWAYS, CLOSED, ENDS),
        own(INITIALIZED, END, ALWAYS, CLOSED, OPEN),
        own(REPLIED_FIRST, END, Guard::when(LEFT), CLOSED, OPEN),
        own(STARTED, END, Guard::when(LEFT), CLOSED, OPEN),
        own(FAULTED, END, ALWAYS, CLOSED, OPEN),
        own(UNPREPARED, END, ALWAYS, CLOSED, OPEN),
        own(REFUSED_STARTED, END, ALWAYS, CLOSED, OPEN),
        own(SUCCEEDED, END, Guard::when(REPLIED), CLOSED, SERVER_ENDS),
        own(SUCCEEDED, END, Guard::when(LEFT).but_not(REPLIED), CLOSED, OPEN),
        own(FAILED, END, ALWAYS, CLOSED, SERVER_ENDS),
        // The session is faulted, from any state: that says nothing (ruling `end-without-status`).
        own(SESSION, BROKEN, ALWAYS, CLOSED, OPEN),
        own(REFUSED, BROKEN, ALWAYS, CLOSED, OPEN),
        own(INITIALIZED, BROKEN, ALWAYS, CLOSED, OPEN),
        own(REPLIED_FIRST, BROKEN, ALWAYS, CLOSED, OPEN),
        own(STARTED, BROKEN, ALWAYS, CLOSED, OPEN),
        own(FAULTED, BROKEN, ALWAYS, CLOSED, OPEN),
        own(UNPREPARED, BROKEN, ALWAYS, CLOSED, OPEN),
        own(REFUSED_STARTED, BROKEN, ALWAYS, CLOSED, OPEN),
        own(SUCCEEDED, BROKEN, ALWAYS, CLOSED, OPEN),
        own(FAILED, BROKEN, ALWAYS, CLOSED, OPEN),
        // Silence beyond the limit: where nothing is owed. How long an operation takes is its own affair.
        own(SESSION, LATE, Guard::unless(INITIALIZING), SESSION, OPEN),
        own(REFUSED, LATE, Guard::when(UNSEEN_END).but_not(INITIALIZING), REFUSED, OPEN),
        own(INITIALIZED, LATE, Guard::unless(CALLED), INITIALIZED, OPEN),
        own(STARTED, LATE, ALWAYS, STARTED, OPEN),
        own(FAULTED, LATE, ALWAYS, FAULTED, OPEN),
        own(UNPREPARED, LATE, ALWAYS, UNPREPARED, OPEN),
        own(REFUSED_STARTED, LATE, ALWAYS, REFUSED_STARTED, OPEN),
        own(SUCCEEDED, LATE, Guard::when(UNSEEN_END | REPLIED), SUCCEEDED, OPEN),
        own(FAILED, LATE, Guard::when(UNSEEN_END), FAILED, OPEN),
    ],
    refusals: &[
        no(&[SESSION, REFUSED, INITIALIZED], CALLBACKS, Guard::when(CALLED_BACK).but_not(CALLED), IGNORED),
        no(&[SESSION, REFUSED, INITIALIZED], CALLBACKS, Guard::unless(CALLED), WHEN_STARTED),
        no(&[SESSION], &[SUCCESS], START_ALONE, UNINITIALIZED),
        no(&[REFUSED], &[SUCCESS], START_ALONE, LEFT_AS_IT_WAS),
        no(&[SESSION, REFUSED, INITIALIZED, REPLIED_FIRST], CALLBACKS, ALWAYS, BEGINS),
        no(&[STARTED], &[BEGIN], ALWAYS, BEGINS),
        no(&[FAULTED], &[SUCCESS], ALWAYS, FAILURE_TOLD),
        no(&[UNPREPARED], &[SUCCESS], ALWAYS, UNINITIALIZED),
        no(&[REFUSED_STARTED], &[SUCCESS], ALWAYS, LEFT_AS_IT_WAS),
        no(&[SUCCEEDED, FAILED], CALLBACKS, ALWAYS, NOTHING_AFTER),
        no(&[SUCCEEDED], &[FAULT, END], ALWAYS, START_REPLY),
        no(&[REPLIED_FIRST, STARTED], &[END], ALWAYS, STATUS),
        no(&[SESSION, REFUSED], &[LATE], Guard::when(INITIALIZING), REPLY),
        no(&[REFUSED], &[LATE], ALWAYS, ENDS),
        no(&[INITIALIZED], &[LATE], ALWAYS, START_REPLY),
        no(&[REPLIED_FIRST], &[LATE], ALWAYS, BEGINS),
        no(&[SUCCEEDED], &[LATE], Guard::unless(REPLIED), START_REPLY),
        no(&[SUCCEEDED, FAILED], &[LATE], ALWAYS, SERVER_ENDS),
    ],
    otherwise: WHEN_STARTED,
    rules: &RULES,
};

const fn no(
    states: &'static [StateId],
    outputs: &'static [Symbol],
    guard: Guard,
    requirement: &'static str,
) -> Refusal {
    Refusal { states, outputs, guard, requirement }
}

// The states of 3.21.1.1.
const READY: StateId = 0;
const BEGUN: StateId = 1;
const COMPLETED: StateId = 2;
const OVER: StateId = 3;

/// IIpamOperationWithProgressCallback, the management client's side, that shares the session. It shows what a server's
/// callbacks make of a client; what is wrong with them is judged by the other machine.
pub static OPERATION_WITH_PROGRESS_CALLBACK: Machine = Machine {
    name: "IIpamOperationWithProgressCallback",
    section: "3.21.1.1",
    figure: 14,
    initialize: OPERATION_WITH_PROGRESS.initialize,
    start: OPERATION_WITH_PROGRESS.start,
    outputs: OUTPUTS,
    states: &[
        State::named("OperationWithProgress Callback initialized"),
        State::named("OperationWithProgress started"),
        State::named("OperationWithProgress completed"),
        State::named("session faulted or closed"),
    ],
    end: OVER,
    unsaid: None,
    arrows: &[
        // Ruling `start-callback-state`: 3.21.4.6 names the first state here, the machine the second.
        own(READY, BEGIN, ALWAYS, BEGUN, BEGINS),
        own(BEGUN, ADD, ALWAYS, BEGUN, WHEN_STARTED),
        own(BEGUN, SUBTASK, ALWAYS, BEGUN, WHEN_STARTED),
        own(BEGUN, PERCENTAGE, ALWAYS, BEGUN, WHEN_STARTED),
        own(BEGUN, GOES_ON, ALWAYS, BEGUN, ONGOING),
        own(BEGUN, SUCCESS, ALWAYS, COMPLETED, STATUS),
        own(BEGUN, FAILURE, ALWAYS, COMPLETED, STATUS),
        own(BEGUN, SUCCESS, Guard::when(REPEATS), BEGUN, STATUS),
        own(READY, END, ALWAYS, OVER, OPEN),
        own(BEGUN, END, ALWAYS, OVER, OPEN),
        own(COMPLETED, END, ALWAYS, OVER, SERVER_ENDS),
        own(READY, BROKEN, ALWAYS, OVER, OPEN),
        own(BEGUN, BROKEN, ALWAYS, OVER, OPEN),
        own(COMPLETED, BROKEN, ALWAYS, OVER, OPEN),
    ],
    refusals: &[],
    otherwise: WHEN_STARTED,
    rules: &RULES,
};
