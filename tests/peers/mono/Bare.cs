// Calls of the C# client below WCF's proxies, on a channel of messages.
//
// Mono's duplex proxies find a reply by its action alone, never by RelatesTo, and so see no fault: the call runs out of
// time, whatever the server sent. Here a fault is read as any message is, and judged where a proxy would not look.

using System;
using System.ServiceModel;
using System.ServiceModel.Channels;
using System.Xml;
using Microsoft.Windows.Ipam;

static class Bare {
  // Makes one call of IIpamOperationWithProgress on a session of its own, which should be refused.
  public static void Refused(string url, bool text, string operation, string parameters) {
    var what = operation + "(" + (parameters == "" ? "" : "nil") + ")";
    var factory = Wire.Binding(text, Program.Limit).BuildChannelFactory<IDuplexSessionChannel>();
    IDuplexSessionChannel channel = null;
    try {
      factory.Open(Program.Limit);
      channel = factory.CreateChannel(new EndpointAddress(url));
      channel.Open(Program.Limit);
      var body = new Body("<" + operation + " xmlns='" + Names.Ipam + "'>" + parameters + "</" + operation + ">");
      var message = Message.CreateMessage(MessageVersion.Soap12WSAddressing10, Names.Progress + operation, body);
      message.Headers.MessageId = new UniqueId();
      message.Headers.ReplyTo = new EndpointAddress("http://www.w3.org/2005/08/addressing/anonymous");
      message.Headers.To = new Uri(url);
      channel.Send(message, Program.Limit);
      var reply = channel.Receive(Program.Limit);
      // Asked before the body is read: Mono cannot say it afterwards.
      var refused = reply != null && reply.IsFault;
      var said = refused ? Fault(reply, message.Headers.MessageId) : reply == null ? "failed: the session ended" : "= " + reply.Headers.Action;
      if (refused) Out.Line(what + " " + said); else Out.Wrong(what + " " + said);
    } catch (Exception exception) {
      Out.Wrong(what + " failed " + exception.GetType().Name + ": " + exception.Message.Split('\n')[0]);
    } finally {
      if (channel != null) channel.Abort();
      factory.Abort();
    }
  }

  static string Fault(Message reply, UniqueId request) {
    var related = reply.Headers.RelatesTo == null ? "unrelated" : reply.Headers.RelatesTo == request ? "related" : "related elsewhere";
    var fault = new XmlDocument();
    using (var reader = reply.GetReaderAtBodyContents()) fault.Load(reader);
    var names = new XmlNamespaceManager(fault.NameTable);
    names.AddNamespace("s", "http://www.w3.org/2003/05/soap-envelope");
    names.AddNamespace("ipam", Names.Ipam);
    names.AddNamespace("ipam1", Names.Ipam1);
    Func<XmlNode, string, string> inner = (node, path) => {
      var found = node == null ? null : node.SelectSingleNode(path, names);
      return found == null ? null : found.InnerText;
    };
    var data = fault.SelectSingleNode("/s:Fault/s:Detail/ipam1:IpamException/IpamExceptionData", names);
    var detail = data == null
      ? "no detail"
      : "IpamException(" + inner(data, "ipam:ExceptionId") + ", " + Out.Text(inner(data, "ipam:ExceptionMessage")) + ")";
    return "fault " + inner(fault, "/s:Fault/s:Code/s:Value") + " " + detail + " " + related;
  }

  class Body : BodyWriter {
    readonly XmlDocument document = new XmlDocument();

    public Body(string text) : base(true) { document.LoadXml(text); }

    protected override void OnWriteBodyContents(XmlDictionaryWriter writer) { document.WriteTo(writer); }
  }
}
