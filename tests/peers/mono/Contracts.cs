// The contracts of IIpamServer and IIpamOperationWithProgress as WCF declares them, for both C# peers.
//
// Leaves out operations and types that neither peer uses. Follows [MS-IPAMM2] 2.2.4, 2.2.5, 3.3.4, 3.19.4, 3.21.4 and
// Appendix B. What has no [DataContract] gets its XML namespace from the C# namespace, which is that of `ipam1`.

using System;
using System.Collections.Generic;
using System.Runtime.Serialization;
using System.ServiceModel;
using System.ServiceModel.Channels;

namespace Microsoft.Windows.Ipam {
  public static class Names {
    public const string Ipam = "http://Microsoft.Windows.Ipam";
    public const string Ipam1 = "http://schemas.datacontract.org/2004/07/Microsoft.Windows.Ipam";
    // 2.2.2.2: a message that only keeps a session alive.
    public const string Keepalive = "Microsoft.WindowsServerSolutions.Common.ProviderFramework.Keepalive";
    public const string Server = Ipam + "/IIpamServer/";
    public const string Progress = Ipam + "/IIpamOperationWithProgress/";
    // What WCF puts behind an operation's action for a fault of this type. Mono's own default lacks the slash after the namespace.
    public const string Fault = "IpamExceptionFault";
  }

  // 2.2.5.55
  [DataContract(Namespace = Names.Ipam)]
  public enum IpamTaskType {
    [EnumMember] None, [EnumMember] Discovery, [EnumMember] Utilization, [EnumMember] Audit, [EnumMember] Configuration,
    [EnumMember] ServerAvailability, [EnumMember] Monitoring, [EnumMember] Expiry, [EnumMember] DnsConfiguration
  }

  // 2.2.5.54
  [DataContract(Namespace = Names.Ipam)]
  public enum IpamTaskState {
    [EnumMember] None, [EnumMember] Disabled, [EnumMember] Queued, [EnumMember] Ready, [EnumMember] Running,
    [EnumMember] Unknown
  }

  // 2.2.5.101
  [DataContract(Namespace = Names.Ipam)]
  public enum SubTaskStatus {
    [EnumMember] NotStarted, [EnumMember] InProgress, [EnumMember] CompletedWithError,
    [EnumMember] CompletedWithWarning, [EnumMember] CompletedWithSuccess, [EnumMember] NotApplicable, [EnumMember] NotRun
  }

  // 2.2.5.71
  public enum OverallProgressStatus { NotStarted, InProgress, CompletedWithSuccess, CompletedWithFailure }

  // 2.2.5.63
  public enum IpamAdminOperationId {
    EditDhcpServer, ApplyServerConfigurationTemplate, CreateDhcpScope, EditDhcpScope, DeleteDhcpScope,
    ApplyScopeConfigurationTemplate, AddScopesToSuperscope, RemoveScopesFromSuperscope, RenameSuperscope,
    DeleteSuperscopes, SetSuperscopeActivationStatus, CreateDhcpServerPolicy, CreateDhcpScopePolicy, UpdatePolicy,
    DeletePolicy, UpdatePolicyProperty, MovePolicyProcessingOrder, CreateDhcpReservation, DeleteDhcpReservation,
    DeleteDhcpReservationCollection, SetDhcpReservation, SetDhcpReservationCollection, CreateDhcpFailover,
    EditDhcpFailover, AddDhcpFailoverScopes, RemoveDhcpFailoverScopes, DeleteDhcpFailover, ResetConfigSyncStatus,
    ReplicateScope, ReplicateRelation, ReplicateServer, CreateDhcpFilters, UpdateDhcpFilter, UpdateDhcpFilters,
    DeleteDhcpFilters, CreateIpamIPAddress, UpdateIpamIPAddress, CreateDnsResourceRecords, DeleteDnsResourceRecords,
    UpdateDnsResourceRecords, UpdateDnsResourceRecord, CreateDnsZone, DeleteDnsZones, UpdateDnsZones, DnsZonesTransfer,
    ReloadDnsZones, CreateDnsConditionalForwarders, UpdateDnsConditionalForwarders, DeleteDnsConditionalForwarders
  }

  // 2.2.4.442; members go out in the order of the alphabet, which is the document's.
  [DataContract(Namespace = Names.Ipam)]
  public class TaskInfo {
    [DataMember] public DateTime? LastRunTime;
    [DataMember] public DateTime? NextRunTime;
    [DataMember] public IpamTaskState State;
    [DataMember] public string Status;
    [DataMember] public IpamTaskType TaskType;
    [DataMember] public string Triggers;
  }

  // Every IpamObject has ser:Id and ser:Ref.
  [DataContract(Namespace = Names.Ipam, IsReference = true)]
  [KnownType(typeof(IpamExceptionData))]
  [KnownType(typeof(SubTaskInstance))]
  [KnownType(typeof(DhcpSuperscopeV4))]
  [KnownType(typeof(DhcpServerV4))]
  public class IpamObject { }

  [DataContract(Namespace = Names.Ipam, IsReference = true)]
  public class BaseIpamObject : IpamObject {
    [DataMember] public List<string> ModifiedProperties;
    [DataMember] public List<string> SetProperties;
  }

  // 2.2.4.252. The identifier is an enumeration of hundreds (2.2.5.67); as a string it reads and writes the same text.
  [DataContract(Namespace = Names.Ipam, IsReference = true)]
  public class IpamExceptionData : IpamObject {
    [DataMember] public string ExceptionId;
    [DataMember] public string ExceptionMessage;
  }

  // 2.2.4.247: what .NET serialises by itself, so its members stand in no namespace and say their types. Without the
  // members of System.Exception, and without an inner exception.
  [Serializable]
  [KnownType(typeof(IpamExceptionData))]
  public class IpamException : Exception {
    public readonly IpamExceptionData Details;

    public IpamException(string id, string message) : base(message) {
      Details = new IpamExceptionData { ExceptionId = id, ExceptionMessage = message };
    }

    protected IpamException(SerializationInfo info, StreamingContext context) {
      foreach (var entry in info)
        if (entry.Name == "IpamExceptionData") Details = entry.Value as IpamExceptionData;
    }

    public override void GetObjectData(SerializationInfo info, StreamingContext context) {
      info.AddValue("IpamExceptionData", Details, typeof(IpamExceptionData));
    }
  }

  // 2.2.4.286
  [DataContract(Namespace = Names.Ipam, IsReference = true)]
  [KnownType(typeof(DeleteSuperscopesParameters))]
  [KnownType(typeof(UpdateDhcpServerParameters))]
  public class IpamOperationWithProgressParameters : IpamObject {
    [DataMember] public IpamAdminOperationId OperationId;
  }

  // 2.2.4.97
  [DataContract(Namespace = Names.Ipam, IsReference = true)]
  public class DeleteSuperscopesParameters : IpamOperationWithProgressParameters {
    [DataMember] public List<DhcpSuperscopeV4> Superscopes;
  }

  // 2.2.4.447
  [DataContract(Namespace = Names.Ipam, IsReference = true)]
  public class UpdateDhcpServerParameters : IpamOperationWithProgressParameters {
    [DataMember] public DhcpServer Server;
  }

  // 2.2.4.166, but for what refers to further types.
  [DataContract(Namespace = Names.Ipam, IsReference = true)]
  public class DhcpSuperscopeV4 : BaseIpamObject {
    [DataMember] public long AccessScopeId;
    [DataMember] public string AccessScopePath;
    [DataMember] public bool IsInheritedAccessScope;
    [DataMember] public string Name;
    [DataMember] public long ParentServerId;
    [DataMember] public double PercentageUsed;
    [DataMember] public long RecordId;
  }

  [DataContract(Namespace = Names.Ipam, IsReference = true)]
  [KnownType(typeof(DhcpServerV4))]
  public class DhcpServer : BaseIpamObject {
    [DataMember] public long RecordId;
  }

  [DataContract(Namespace = Names.Ipam, IsReference = true)]
  public class DhcpServerV4 : DhcpServer { }

  // 2.2.4.399
  [DataContract(Namespace = Names.Ipam, IsReference = true)]
  public class SubTaskInstance : IpamObject {
    [DataMember] public IpamException FailedCompletionStatus;
    [DataMember] public bool IsNonDeterministicProgress;
    [DataMember] public string ProgressStatusDescriptions;
    [DataMember] public IpamObject SubTaskInstanceDetails;
    [DataMember] public int SubTaskInstanceId;
    [DataMember] public string SubTaskName;
    [DataMember] public SubTaskStatus SubTaskStatus;
    [DataMember] public int SubTaskUniqueId;
  }

  // 3.3. A task type that is absent or nil reads as null.
  [ServiceContract(Namespace = Names.Ipam)]
  public interface IIpamServer {
    [OperationContract]
    [FaultContract(typeof(IpamException), Action = Names.Server + "StartTask" + Names.Fault)]
    void StartTask(IpamTaskType? taskType, string server);

    [OperationContract]
    [FaultContract(typeof(IpamException), Action = Names.Server + "GetIpamTasksInfo" + Names.Fault)]
    List<TaskInfo> GetIpamTasksInfo();

    [OperationContract]
    [FaultContract(typeof(IpamException), Action = Names.Server + "IsTaskRunning" + Names.Fault)]
    bool IsTaskRunning(IpamTaskType? taskType);

    [OperationContract]
    [FaultContract(typeof(IpamException), Action = Names.Server + "TaskLastRunResult" + Names.Fault)]
    int TaskLastRunResult(IpamTaskType? taskType);

    [OperationContract]
    [FaultContract(typeof(IpamException), Action = Names.Server + "TaskLastRuntime" + Names.Fault)]
    DateTime TaskLastRuntime(IpamTaskType? taskType);

    [OperationContract]
    [FaultContract(typeof(IpamException), Action = Names.Server + "TaskNextRuntime" + Names.Fault)]
    DateTime TaskNextRuntime(IpamTaskType? taskType);

    [OperationContract]
    [FaultContract(typeof(IpamException), Action = Names.Server + "TaskRecurrenceDuration" + Names.Fault)]
    TimeSpan TaskRecurrenceDuration(IpamTaskType? taskType);

    [OperationContract]
    bool IsIpamConfigured();

    [OperationContract]
    bool IsSchemaConversionRequired();

    [OperationContract]
    Version GetIpamVersion();

    [OperationContract(IsOneWay = true, Action = Names.Keepalive)]
    void Keepalive(Message message);
  }

  // StartTask once more, for a client that wants to say what no IpamTaskType is.
  [ServiceContract(Name = "IIpamServer", Namespace = Names.Ipam)]
  public interface IAnyTaskType {
    [OperationContract]
    void StartTask(string taskType, string server);
  }

  // 3.19; `paramters` is how the document spells it.
  [ServiceContract(Namespace = Names.Ipam, SessionMode = SessionMode.Required, CallbackContract = typeof(IIpamOperationWithProgressCallback))]
  public interface IIpamOperationWithProgress {
    [OperationContract]
    [FaultContract(typeof(IpamException), Action = Names.Progress + "InitializeOperationParameters" + Names.Fault)]
    void InitializeOperationParameters(IpamOperationWithProgressParameters paramters);

    [OperationContract]
    [FaultContract(typeof(IpamException), Action = Names.Progress + "StartOperationWithCallback" + Names.Fault)]
    void StartOperationWithCallback();

    [OperationContract(IsOneWay = true, Action = Names.Keepalive)]
    void Keepalive(Message message);
  }

  // 3.21, with the actions that 3.19.4.5 to 3.19.4.9 give.
  public interface IIpamOperationWithProgressCallback {
    [OperationContract(IsOneWay = true)]
    void StartProgressCallback(bool isNonDeterministic);

    [OperationContract(IsOneWay = true)]
    void AddSubTask(SubTaskInstance subTaskInstance);

    [OperationContract(IsOneWay = true)]
    void SetCompletionPercentage(decimal completionPercentage);

    [OperationContract(IsOneWay = true)]
    void SetSubTaskStatus(SubTaskInstance subTaskInstance, SubTaskStatus status, decimal percentComplete, IpamException completionStatus);

    [OperationContract(IsOneWay = true)]
    void SetOverallStatus(OverallProgressStatus overallStatus, IpamObject completionStatus);
  }

  public static class Wire {
    // The binding of 2.1 without its security, or the same with SOAP 1.2 as UTF-8 text in place of binary XML.
    public static Binding Binding(bool text, TimeSpan limit) {
      Binding binding = text
        ? (Binding)new CustomBinding(
            new TextMessageEncodingBindingElement(MessageVersion.Soap12WSAddressing10, System.Text.Encoding.UTF8),
            new TcpTransportBindingElement { MaxReceivedMessageSize = 1 << 24 })
        : new NetTcpBinding(SecurityMode.None) { MaxReceivedMessageSize = 1 << 24 };
      binding.OpenTimeout = binding.SendTimeout = binding.CloseTimeout = limit;
      return binding;
    }
  }
}
