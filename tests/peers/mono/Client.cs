// A WCF client that drives a server of IIpamServer and IIpamOperationWithProgress over net.tcp.
//
//   mono Client.exe [--text] URL-OF-IIpamServer [URL-OF-IIpamOperationWithProgress]
//
// Prints one line a result: `operation(arguments) = value`, with values as XML Schema writes them; `fault` in place of a
// value where one came; `callback` lines in the order of arrival. A first word `wrong` marks what no server should do.
// Exit code 0 where every call came to the end it should, else 1.
//
// Every wait is bounded. Sessions are aborted, not closed: Mono's `Close` on a duplex channel may never return.

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.ServiceModel;
using System.ServiceModel.Channels;
using System.Threading;
using System.Xml;
using Microsoft.Windows.Ipam;

static class Out {
  static readonly object Lock = new object();
  static bool wrong;

  public static void Line(string line) { lock (Lock) Console.WriteLine(line); }

  public static void Wrong(string line) {
    lock (Lock) { wrong = true; Console.WriteLine("wrong " + line); }
  }

  public static int ExitCode { get { return wrong ? 1 : 0; } }

  public static string Text(object value) {
    if (value == null) return "nil";
    if (value is string) return "\"" + value + "\"";
    if (value is bool) return XmlConvert.ToString((bool)value);
    if (value is decimal) return XmlConvert.ToString((decimal)value);
    if (value is TimeSpan) return XmlConvert.ToString((TimeSpan)value);
    if (value is DateTime) return XmlConvert.ToString((DateTime)value, XmlDateTimeSerializationMode.RoundtripKind);
    var exception = value as IpamException;
    if (exception != null) return exception.Details == null
      ? "IpamException(nil)"
      : "IpamException(" + exception.Details.ExceptionId + ", " + Text(exception.Details.ExceptionMessage) + ")";
    var subtask = value as SubTaskInstance;
    if (subtask != null) return "SubTaskInstance("
      + string.Join(", ", new object[] {
          subtask.SubTaskInstanceId, subtask.SubTaskUniqueId, subtask.SubTaskName, subtask.SubTaskStatus,
          subtask.IsNonDeterministicProgress, subtask.ProgressStatusDescriptions, subtask.SubTaskInstanceDetails,
          subtask.FailedCompletionStatus
        }.Select(Text)) + ")";
    var superscope = value as DhcpSuperscopeV4;
    if (superscope != null) return "DhcpSuperscopeV4(" + Text(superscope.Name) + ", " + superscope.RecordId + ", "
      + XmlConvert.ToString(superscope.PercentageUsed) + ")";
    return Convert.ToString(value, CultureInfo.InvariantCulture);
  }
}

class Callback : IIpamOperationWithProgressCallback {
  public readonly ManualResetEvent Ended = new ManualResetEvent(false);
  readonly List<string> lines = new List<string>();

  // Kept until the session is over: the reply comes on another thread, before, between or after them.
  void Line(string name, params object[] arguments) {
    lock (lines) lines.Add("callback " + name + "(" + string.Join(", ", arguments.Select(Out.Text)) + ")");
  }

  public void Print() { lock (lines) lines.ForEach(Out.Line); }

  public void StartProgressCallback(bool isNonDeterministic) { Line("StartProgressCallback", isNonDeterministic); }
  public void AddSubTask(SubTaskInstance subTaskInstance) { Line("AddSubTask", subTaskInstance); }
  public void SetCompletionPercentage(decimal completionPercentage) { Line("SetCompletionPercentage", completionPercentage); }

  public void SetSubTaskStatus(SubTaskInstance subTaskInstance, SubTaskStatus status, decimal percentComplete, IpamException completionStatus) {
    Line("SetSubTaskStatus", subTaskInstance, status, percentComplete, completionStatus);
  }

  public void SetOverallStatus(OverallProgressStatus overallStatus, IpamObject completionStatus) {
    Line("SetOverallStatus", overallStatus, completionStatus);
    Ended.Set();
  }
}

static class Program {
  public static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
  static readonly string[] Tasks = Enum.GetNames(typeof(IpamTaskType)).Skip(1).ToArray();
  static bool text;

  static int Main(string[] arguments) {
    var urls = arguments.Where(argument => !argument.StartsWith("--")).ToArray();
    text = arguments.Contains("--text");
    var guard = new Thread(() => {
      Thread.Sleep(TimeSpan.FromSeconds(60));
      Out.Wrong("the client was not done after a minute");
      Environment.Exit(1);
    }) { IsBackground = true };
    guard.Start();
    try {
      Server(urls[0]);
      AnyTaskType(urls[0]);
      if (urls.Length > 1) {
        Progress(urls[1], "plain");
        Progress(urls[1], "fails");
        Progress(urls[1], "late");
        ProgressRefused(urls[1]);
      }
    } catch (Exception exception) {
      Out.Wrong(exception.GetType() + ": " + exception.Message);
    }
    Environment.Exit(Out.ExitCode);
    return 1;
  }

  // Makes a call that should be answered.
  static void Value<T>(string what, Func<T> call) { Answered(what, () => Out.Text(call())); }

  static void Done(string what, Action call) { Answered(what, () => { call(); return "done"; }); }

  static void Answered(string what, Func<string> call) {
    try { Out.Line(what + " = " + call()); }
    catch (Exception exception) { Out.Wrong(what + " " + Said(exception)); }
  }

  // Makes a call that should be refused.
  static void Refused(string what, Action call) {
    try { call(); Out.Wrong(what + " = done"); }
    catch (FaultException fault) { Out.Line(what + " " + Said(fault)); }
    catch (Exception exception) { Out.Wrong(what + " " + Said(exception)); }
  }

  static string Said(Exception exception) {
    var fault = exception as FaultException;
    if (fault == null) return "failed " + exception.GetType().Name + ": " + exception.Message.Split('\n')[0];
    var code = fault.Code.Name + (fault.Code.SubCode == null ? "" : "/" + fault.Code.SubCode.Name);
    var typed = exception as FaultException<IpamException>;
    return "fault " + code + " " + (typed == null ? "no detail" : Out.Text(typed.Detail));
  }

  static void Server(string url) {
    var factory = new ChannelFactory<IIpamServer>(Wire.Binding(text, Limit), new EndpointAddress(url));
    var server = factory.CreateChannel();
    ((IContextChannel)server).OperationTimeout = Limit;
    Value("GetIpamVersion()", server.GetIpamVersion);
    Value("IsIpamConfigured()", server.IsIpamConfigured);
    Value("IsSchemaConversionRequired()", server.IsSchemaConversionRequired);
    Answered("GetIpamTasksInfo()", () => {
      var list = server.GetIpamTasksInfo();
      foreach (var task in list)
        Out.Line("TaskInfo(" + task.TaskType + ") = " + task.State + ", " + Out.Text(task.LastRunTime) + ", "
          + Out.Text(task.NextRunTime) + ", " + Out.Text(task.Status));
      return list.Count + " tasks";
    });
    foreach (var name in Tasks) {
      var task = Task(name);
      Value("IsTaskRunning(" + name + ")", () => server.IsTaskRunning(task));
      Value("TaskLastRunResult(" + name + ")", () => server.TaskLastRunResult(task));
      Value("TaskLastRuntime(" + name + ")", () => server.TaskLastRuntime(task));
      Value("TaskNextRuntime(" + name + ")", () => server.TaskNextRuntime(task));
      Value("TaskRecurrenceDuration(" + name + ")", () => server.TaskRecurrenceDuration(task));
    }
    // The server's clock is its own; the time between two of its answers is not.
    foreach (var name in Tasks)
      Value("next - last(" + name + ")", () => server.TaskNextRuntime(Task(name)) - server.TaskLastRuntime(Task(name)));
    foreach (var name in Tasks) Done("StartTask(" + name + ", dc1.example.test)", () => server.StartTask(Task(name), "dc1.example.test"));
    Done("StartTask(Discovery, nil)", () => server.StartTask(IpamTaskType.Discovery, null));
    Answered("IsTaskRunning(Discovery) in time", () => Out.Text(Soon(() => server.IsTaskRunning(IpamTaskType.Discovery))));
    foreach (var task in new IpamTaskType?[] { IpamTaskType.None, null }) {
      var name = task == null ? "nil" : task.ToString();
      Refused("StartTask(" + name + ", nil)", () => server.StartTask(task, null));
      Refused("TaskLastRunResult(" + name + ")", () => server.TaskLastRunResult(task));
      Refused("TaskLastRuntime(" + name + ")", () => server.TaskLastRuntime(task));
      Refused("TaskNextRuntime(" + name + ")", () => server.TaskNextRuntime(task));
      Refused("TaskRecurrenceDuration(" + name + ")", () => server.TaskRecurrenceDuration(task));
    }
    Refused("IsTaskRunning(nil)", () => server.IsTaskRunning(null));
    Done("Keepalive()", () => Keepalive(server.Keepalive));
    // The session is the same after faults and a keepalive.
    Value("IsIpamConfigured() again", server.IsIpamConfigured);
    ((IClientChannel)server).Abort();
    factory.Abort();
  }

  static IpamTaskType? Task(string name) { return (IpamTaskType)Enum.Parse(typeof(IpamTaskType), name); }

  // 2.2.2.2: an action and an empty body, one way.
  static void Keepalive(Action<Message> send) {
    send(Message.CreateMessage(MessageVersion.Soap12WSAddressing10, Names.Keepalive));
  }

  static bool Soon(Func<bool> holds) {
    for (int i = 0; i < 100; i++) {
      if (holds()) return true;
      Thread.Sleep(50);
    }
    return false;
  }

  // Values that an IpamTaskType does not have: refused by whoever reads them, with or without an IpamException.
  static void AnyTaskType(string url) {
    foreach (var value in new[] { "Nonsense", "", "discovery" }) {
      var factory = new ChannelFactory<IAnyTaskType>(Wire.Binding(text, Limit), new EndpointAddress(url));
      var server = factory.CreateChannel();
      ((IContextChannel)server).OperationTimeout = Limit;
      Refused("StartTask(" + Out.Text(value) + ", nil)", () => server.StartTask(value, null));
      ((IClientChannel)server).Abort();
      factory.Abort();
    }
  }

  static void Progress(string url, string course) {
    Out.Line("session " + course);
    var callback = new Callback();
    var factory = new DuplexChannelFactory<IIpamOperationWithProgress>(
      new InstanceContext(callback), Wire.Binding(text, Limit), new EndpointAddress(url));
    var server = factory.CreateChannel();
    ((IContextChannel)server).OperationTimeout = Limit;
    Done("InitializeOperationParameters(DeleteSuperscopes)", () => server.InitializeOperationParameters(Parameters(course)));
    Done("Keepalive()", () => Keepalive(server.Keepalive));
    Done("StartOperationWithCallback()", server.StartOperationWithCallback);
    if (!callback.Ended.WaitOne(Limit)) Out.Wrong("no SetOverallStatus came");
    ((IClientChannel)server).Abort();
    factory.Abort();
    callback.Print();
  }

  static void ProgressRefused(string url) {
    Out.Line("session refused");
    Bare.Refused(url, text, "InitializeOperationParameters", "<paramters xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:nil='true'/>");
    Out.Line("session not initialized");
    Bare.Refused(url, text, "StartOperationWithCallback", "");
  }

  static IpamOperationWithProgressParameters Parameters(string course) {
    return new DeleteSuperscopesParameters {
      OperationId = IpamAdminOperationId.DeleteSuperscopes,
      Superscopes = new List<DhcpSuperscopeV4> {
        new DhcpSuperscopeV4 { Name = course, RecordId = 4294967297, PercentageUsed = 0.1, AccessScopePath = "\\Global" },
        new DhcpSuperscopeV4 { Name = "zweiter Bereich ☃", RecordId = 2 }
      }
    };
  }
}
