// What the C# server changes in Mono's dispatcher.
//
// Mono never answers a request whose body it cannot read: `Unreadable` turns that into the fault that Microsoft's stack
// sends. Mono's faults have no RelatesTo, and the code stands in no namespace: `Mended` gives them both, for clients
// that cannot do without, Mono's own on a duplex session among them.
//
// Mono loses a connection that comes while a session ends: its listener walks the sessions it has accepted, trips over
// the one that is being closed, and drops the new socket without closing it. And it may look for a connection, find none
// and wait just after one came. `Accepting` gives it nothing to walk, and wakes it.
//
// Leaves out what Mono does below the message: framing faults, the End record.

using System;
using System.Collections.Generic;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.Serialization;
using System.ServiceModel;
using System.ServiceModel.Channels;
using System.ServiceModel.Description;
using System.ServiceModel.Dispatcher;
using System.Threading;
using Microsoft.Windows.Ipam;

class Unreadable : IDispatchMessageFormatter, IOperationBehavior {
  public const string Dispatcher = "http://schemas.microsoft.com/net/2005/12/windowscommunicationfoundation/dispatcher";
  IDispatchMessageFormatter inner;

  public void DeserializeRequest(Message message, object[] parameters) {
    try { inner.DeserializeRequest(message, parameters); }
    catch (SerializationException exception) {
      // Mono answers only what an operation throws, which reaches it in this exception.
      throw new TargetInvocationException(new FaultException(
        new FaultReason(new FaultReasonText(exception.Message, "en-US")),
        new FaultCode("Sender", new FaultCode("DeserializationFailed", Dispatcher)), Dispatcher + "/fault"));
    }
  }

  public Message SerializeReply(MessageVersion version, object[] parameters, object result) {
    return inner.SerializeReply(version, parameters, result);
  }

  public void ApplyDispatchBehavior(OperationDescription description, DispatchOperation operation) {
    inner = operation.Formatter;
    operation.Formatter = this;
  }

  public void AddBindingParameters(OperationDescription description, BindingParameterCollection parameters) { }
  public void ApplyClientBehavior(OperationDescription description, ClientOperation operation) { }
  public void Validate(OperationDescription description) { }
}

static class Accepting {
  // Nothing to walk over.
  class Forgetful : SynchronizedCollection<IDuplexSessionChannel> {
    protected override void InsertItem(int index, IDuplexSessionChannel item) { }
  }

  static readonly List<Timer> Timers = new List<Timer>();

  public static void Mend(IChannelListener listener) {
    Func<string, FieldInfo> field = name => listener.GetType().GetField(name, BindingFlags.Instance | BindingFlags.NonPublic);
    // NetTcpBinding puts a listener of transactions around it.
    for (var around = field("inner_listener"); around != null; around = field("inner_listener"))
      listener = (IChannelListener)around.GetValue(listener);
    field("accepted_channels").SetValue(listener, new Forgetful());
    var clients = (Queue<TcpClient>)field("accepted_clients").GetValue(listener);
    var handles = (SynchronizedCollection<ManualResetEvent>)field("accept_handles").GetValue(listener);
    Timers.Add(new Timer(_ => {
      if (clients.Count > 0) lock (handles.SyncRoot) foreach (var handle in handles) handle.Set();
    }, null, 100, 100));
  }
}

class Mended : IErrorHandler, IEndpointBehavior {
  const string Soap = "http://www.w3.org/2003/05/soap-envelope";

  public bool HandleError(Exception error) { return true; }

  public void ProvideFault(Exception error, MessageVersion version, ref Message message) {
    var fault = error as FaultException;
    var typed = error as FaultException<IpamException>;
    if (fault == null)
      fault = new FaultException(
        new FaultReason(new FaultReasonText("The server was unable to process the request.", "en-US")),
        new FaultCode("Receiver", new FaultCode("InternalServiceFault", Unreadable.Dispatcher)), Unreadable.Dispatcher + "/fault");
    var code = fault.Code.SubCode == null ? new FaultCode(fault.Code.Name, Soap) : new FaultCode(fault.Code.Name, Soap, fault.Code.SubCode);
    var request = OperationContext.Current.IncomingMessageHeaders;
    message = typed == null
      ? Message.CreateMessage(version, MessageFault.CreateFault(code, fault.Reason), fault.Action)
      : Message.CreateMessage(
          version, MessageFault.CreateFault(code, fault.Reason, typed.Detail, new DataContractSerializer(typeof(IpamException))),
          request.Action + Names.Fault);
    message.Headers.RelatesTo = request.MessageId;
  }

  public void ApplyDispatchBehavior(ServiceEndpoint endpoint, EndpointDispatcher dispatcher) {
    dispatcher.ChannelDispatcher.ErrorHandlers.Add(this);
  }

  public void AddBindingParameters(ServiceEndpoint endpoint, BindingParameterCollection parameters) { }
  public void ApplyClientBehavior(ServiceEndpoint endpoint, ClientRuntime runtime) { }
  public void Validate(ServiceEndpoint endpoint) { }
}
