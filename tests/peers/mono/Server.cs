// A WCF server of IIpamServer and IIpamOperationWithProgress on net.tcp, each on a port of its own.
//
//   mono Server.exe [--text] [--mended] [--life SECONDS] [PORT-OF-IIpamServer PORT-OF-IIpamOperationWithProgress]
//
// A port that is 0 or left out is chosen. Prints `ready URL` for each contract once it can be connected to. Ends by
// itself after its life, ten minutes where none is given, so that one that was forgotten does not stay.
//
// With `--mended` faults are as [MS-IPAMM2] 2.2.2.1 has them; without, as Mono writes them (Dispatch.cs).
//
// Leaves out security, provisioning and everything that a conformant server must refuse: it is a peer, not a reference.

using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.ServiceModel;
using System.ServiceModel.Channels;
using System.ServiceModel.Description;
using System.ServiceModel.Dispatcher;
using System.Threading;
using Microsoft.Windows.Ipam;

// The tasks: what they ended with and how often they run are those of our reference server. The clock stands at
// 2024-04-23T00:00:00Z when the server begins.
static class World {
  public static readonly DateTime Beginning = new DateTime(2024, 4, 23, 0, 0, 0, DateTimeKind.Utc);
  static readonly TimeSpan Queued = TimeSpan.FromMilliseconds(400), Running = TimeSpan.FromMilliseconds(1000);
  static readonly System.Diagnostics.Stopwatch Clock = System.Diagnostics.Stopwatch.StartNew();
  static readonly object Lock = new object();
  static readonly List<Row> Rows = new List<Row> {
    new Row(IpamTaskType.Discovery, TimeSpan.FromHours(24), 0),
    new Row(IpamTaskType.Utilization, TimeSpan.FromHours(36), 0),
    new Row(IpamTaskType.Audit, TimeSpan.FromHours(30), 1),
    new Row(IpamTaskType.Configuration, TimeSpan.FromHours(48), 0),
    new Row(IpamTaskType.ServerAvailability, TimeSpan.FromMinutes(24 * 60 + 15), 2),
    new Row(IpamTaskType.Monitoring, TimeSpan.FromMinutes(24 * 60 + 30), -2147024894),
    new Row(IpamTaskType.Expiry, TimeSpan.FromDays(7), 3),
    new Row(IpamTaskType.DnsConfiguration, TimeSpan.FromHours(60), 267011),
  };

  public class Row {
    public readonly IpamTaskType Task;
    public readonly TimeSpan Recurrence;
    public DateTime LastRun, NextRun;
    public int LastResult;
    public DateTime? Started;

    public Row(IpamTaskType task, TimeSpan recurrence, int lastResult) {
      Task = task; Recurrence = recurrence; LastResult = lastResult;
      LastRun = Beginning - recurrence + TimeSpan.FromSeconds(6);
      NextRun = Beginning + recurrence;
    }

    public IpamTaskState State(DateTime now) {
      if (Started == null) return IpamTaskState.Ready;
      if (now < Started + Queued) return IpamTaskState.Queued;
      if (now < Started + Queued + Running) return IpamTaskState.Running;
      LastRun = Started.Value + Queued + Running;
      LastResult = 0;
      Started = null;
      return IpamTaskState.Ready;
    }
  }

  // Whole milliseconds, as the reference server's.
  static DateTime Now { get { return Beginning.AddTicks(Clock.ElapsedMilliseconds * TimeSpan.TicksPerMillisecond); } }

  public static T With<T>(IpamTaskType? task, Func<Row, DateTime, T> f) {
    if (task == null || task == IpamTaskType.None)
      throw Refusal.Of("IpamApiInvalidParameter", "The parameter taskType names no task.");
    lock (Lock) {
      var row = Rows.First(candidate => candidate.Task == task);
      var now = Now;
      row.State(now);
      return f(row, now);
    }
  }

  public static List<TaskInfo> All() {
    lock (Lock) {
      var now = Now;
      return Rows.Select(row => {
        var state = row.State(now);
        return new TaskInfo {
          LastRunTime = row.LastRun, NextRunTime = row.NextRun, State = state, Status = state.ToString(),
          TaskType = row.Task, Triggers = "every " + row.Recurrence.TotalMinutes + " minutes"
        };
      }).ToList();
    }
  }
}

static class Refusal {
  // 2.2.2.1: s:Sender, the reason that WCF gives by itself, and one IpamException.
  public static Exception Of(string id, string message) {
    return new FaultException<IpamException>(
      new IpamException(id, message),
      new FaultReason(new FaultReasonText("The creator of this fault did not specify a Reason.", "en-US")),
      new FaultCode("Sender"));
  }
}

// Not one instance for all: Mono opens its context twice where the first two requests come together.
[ServiceBehavior(InstanceContextMode = InstanceContextMode.PerSession, Namespace = Names.Ipam)]
class IpamServer : IIpamServer {
  public void StartTask(IpamTaskType? taskType, string server) {
    // An error that no contract declares: a fault without an IpamException.
    if (server == "breaks") throw new InvalidOperationException("asked to break");
    World.With(taskType, (row, now) => { row.Started = row.Started ?? now; return true; });
  }

  public List<TaskInfo> GetIpamTasksInfo() { return World.All(); }

  // 3.3.4.118 refuses only NULL.
  public bool IsTaskRunning(IpamTaskType? taskType) {
    return taskType != IpamTaskType.None && World.With(taskType, (row, now) => row.State(now) == IpamTaskState.Running);
  }

  public int TaskLastRunResult(IpamTaskType? taskType) { return World.With(taskType, (row, _) => row.LastResult); }
  public DateTime TaskLastRuntime(IpamTaskType? taskType) { return World.With(taskType, (row, _) => row.LastRun); }
  public DateTime TaskNextRuntime(IpamTaskType? taskType) { return World.With(taskType, (row, _) => row.NextRun); }
  public TimeSpan TaskRecurrenceDuration(IpamTaskType? taskType) { return World.With(taskType, (row, _) => row.Recurrence); }
  public bool IsIpamConfigured() { return true; }
  public bool IsSchemaConversionRequired() { return false; }
  public Version GetIpamVersion() { return new Version(10, 0, 17763, 1); }
  public void Keepalive(Message message) { }
}

// One operation with one subtask. The name of the first superscope asks for a course other than the plain one:
// `fails` (ends in CompletedWithFailure), `late` (the callbacks come after the reply), `closes` (the server then ends
// the session).
[ServiceBehavior(InstanceContextMode = InstanceContextMode.PerSession, ConcurrencyMode = ConcurrencyMode.Reentrant, Namespace = Names.Ipam)]
class OperationWithProgress : IIpamOperationWithProgress {
  IpamOperationWithProgressParameters parameters;

  public void InitializeOperationParameters(IpamOperationWithProgressParameters paramters) {
    if (paramters == null) throw Refusal.Of("IpamApiInvalidParameter", "There are no parameters.");
    parameters = paramters;
  }

  public void StartOperationWithCallback() {
    if (parameters == null) throw Refusal.Of("IpamApiInvalidParameter", "The operation was not initialized.");
    var deleted = parameters as DeleteSuperscopesParameters;
    var asked = deleted != null && deleted.Superscopes != null && deleted.Superscopes.Count > 0 ? deleted.Superscopes[0] : null;
    var course = asked == null ? "" : asked.Name;
    var callback = OperationContext.Current.GetCallbackChannel<IIpamOperationWithProgressCallback>();
    var channel = OperationContext.Current.Channel;
    var name = parameters.OperationId.ToString();
    parameters = null;
    if (course == "late" || course == "closes") {
      new Thread(() => {
        Thread.Sleep(200);
        Run(callback, name, asked, false);
        if (course == "closes") channel.Abort();
      }) { IsBackground = true }.Start();
    } else {
      Run(callback, name, asked, course == "fails");
    }
  }

  static void Run(IIpamOperationWithProgressCallback callback, string name, DhcpSuperscopeV4 asked, bool fails) {
    var failure = fails ? new IpamException("IpamApiObjectNotFound", "There is no such superscope.") : null;
    callback.StartProgressCallback(false);
    var subtask = new SubTaskInstance {
      ProgressStatusDescriptions = "höchstens <eins> & mehr", SubTaskInstanceDetails = asked, SubTaskInstanceId = 1,
      SubTaskName = name, SubTaskStatus = SubTaskStatus.InProgress, SubTaskUniqueId = 7
    };
    callback.AddSubTask(subtask);
    callback.SetCompletionPercentage(12.5m);
    subtask.SubTaskStatus = fails ? SubTaskStatus.CompletedWithError : SubTaskStatus.CompletedWithSuccess;
    subtask.FailedCompletionStatus = failure;
    callback.SetSubTaskStatus(subtask, subtask.SubTaskStatus, 100m, failure);
    callback.SetOverallStatus(fails ? OverallProgressStatus.CompletedWithFailure : OverallProgressStatus.CompletedWithSuccess, null);
  }

  public void Keepalive(Message message) { }
}

static class Program {
  const int Sessions = 64;

  static void Main(string[] arguments) {
    bool text = false, mended = false;
    double life = 600;
    var ports = new List<int>();
    for (int i = 0; i < arguments.Length; i++) {
      if (arguments[i] == "--text") text = true;
      else if (arguments[i] == "--mended") mended = true;
      else if (arguments[i] == "--life") life = double.Parse(arguments[++i]);
      else ports.Add(int.Parse(arguments[i]));
    }
    // Each session keeps a thread; without this the pool adds one every half second.
    ThreadPool.SetMinThreads(2 * Sessions, 2 * Sessions);
    Open(typeof(IpamServer), typeof(IIpamServer), ports.ElementAtOrDefault(0), text, mended);
    Open(typeof(OperationWithProgress), typeof(IIpamOperationWithProgress), ports.ElementAtOrDefault(1), text, mended);
    Thread.Sleep(TimeSpan.FromSeconds(life));
    // Not by returning: Mono's listeners would hold the process.
    Environment.Exit(0);
  }

  static void Open(Type service, Type contract, int port, bool text, bool mended) {
    if (port == 0) port = FreePort();
    var url = new Uri("net.tcp://127.0.0.1:" + port + "/" + contract.Name);
    var host = new ServiceHost(service, url);
    var endpoint = host.AddServiceEndpoint(contract, Wire.Binding(text, TimeSpan.FromSeconds(20)), "");
    foreach (var operation in endpoint.Contract.Operations) operation.Behaviors.Add(new Unreadable());
    if (mended) endpoint.Behaviors.Add(new Mended());
    // Mono's default is four sessions.
    host.Description.Behaviors.Add(new ServiceThrottlingBehavior { MaxConcurrentSessions = Sessions, MaxConcurrentCalls = Sessions });
    host.Open();
    foreach (ChannelDispatcher dispatcher in host.ChannelDispatchers) Accepting.Mend(dispatcher.Listener);
    // Asks the system rather than connects: a connection without a preamble would be a session to Mono.
    while (!IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(end => end.Port == port)) Thread.Sleep(5);
    Console.WriteLine("ready " + url);
  }

  static int FreePort() {
    var probe = new TcpListener(IPAddress.Loopback, 0);
    probe.Start();
    try { return ((IPEndPoint)probe.LocalEndpoint).Port; } finally { probe.Stop(); }
  }
}
