// Mono's reader and writer of binary XML, as an oracle and as a yardstick.
//
//   BinaryXml.exe oracle          reads lines, answers each with one:
//     NEW                         a session begins: OK
//     P <hex>                     a payload with its string table, in the session: what the document says, or ERR
//     B <hex>                     a document without one
//     T                           the static dictionary, its strings with their ids
//   BinaryXml.exe bench <file> <seconds>   the payload in the file, read and written again and again
//
// What a document says is a line of words: `<namespace|local` begins an element, `@namespace|local=value` is an attribute
// (sorted), `#text` is text (joined), `>` ends an element. In them everything but ASCII letters, digits, `.`, `-` and `_`
// is \uXXXX.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Reflection;
using System.ServiceModel;
using System.Text;
using System.Xml;

public static class BinaryXml {
    static readonly IXmlDictionary Static = StaticDictionary();

    public static int Main(string[] arguments) {
        if (arguments.Length == 1 && arguments[0] == "oracle") { Oracle(); return 0; }
        if (arguments.Length == 3 && arguments[0] == "bench") { Bench(arguments[1], double.Parse(arguments[2])); return 0; }
        Console.Error.WriteLine("usage: BinaryXml.exe oracle | bench FILE SECONDS");
        return 2;
    }

    // Mono keeps it to itself.
    static IXmlDictionary StaticDictionary() {
        var constants = typeof(ServiceHost).Assembly.GetType("System.ServiceModel.Constants");
        const BindingFlags any = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
        var field = constants.GetField("SoapDictionary", any);
        object found = field != null ? field.GetValue(null) : constants.GetProperty("SoapDictionary", any).GetValue(null, null);
        return (IXmlDictionary) found;
    }

    sealed class Session {
        readonly XmlBinaryReaderSession strings = new XmlBinaryReaderSession();
        public readonly List<string> Added = new List<string>();

        public XmlDictionaryReader Open(byte[] payload) {
            int at = 0;
            int size = Int31(payload, ref at);
            int end = at + size;
            while (at < end) {
                int length = Int31(payload, ref at);
                string text = Encoding.UTF8.GetString(payload, at, length);
                strings.Add(Added.Count, text);
                Added.Add(text);
                at += length;
            }
            return OpenAt(payload, at);
        }

        public XmlDictionaryReader OpenAt(byte[] payload, int at) {
            return XmlDictionaryReader.CreateBinaryReader(payload, at, payload.Length - at, Static, XmlDictionaryReaderQuotas.Max, strings);
        }
    }

    static int Int31(byte[] bytes, ref int at) {
        int value = 0;
        for (int shift = 0; ; shift += 7) {
            int next = bytes[at++];
            value |= (next & 0x7F) << shift;
            if (next < 0x80) return value;
        }
    }

    static void Oracle() {
        var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false)) { AutoFlush = false };
        var session = new Session();
        string line;
        while ((line = Console.ReadLine()) != null) {
            try {
                if (line == "NEW") { session = new Session(); output.WriteLine("OK"); }
                else if (line == "T") output.WriteLine(Strings());
                else if (line.StartsWith("P ")) output.WriteLine(Said(session.Open(Hex(line.Substring(2)))));
                else if (line.StartsWith("B ")) output.WriteLine(Said(new Session().OpenAt(Hex(line.Substring(2)), 0)));
                else output.WriteLine("ERR unknown line");
            } catch (Exception error) {
                output.WriteLine("ERR " + error.GetType().Name + " " + error.Message.Split('\n')[0]);
            }
            if (line == "END") break;
            if (Console.In.Peek() == -1 || line == "FLUSH") output.Flush();
        }
        output.Flush();
    }

    static byte[] Hex(string text) {
        var bytes = new byte[text.Length / 2];
        for (int at = 0; at < bytes.Length; at++) bytes[at] = Convert.ToByte(text.Substring(2 * at, 2), 16);
        return bytes;
    }

    static string Strings() {
        var words = new StringBuilder();
        XmlDictionaryString found;
        for (int key = 0; key < 1000; key++)
            if (Static.TryLookup(key, out found)) words.Append(2 * key).Append('=').Append(Escape(found.Value)).Append(' ');
        return words.ToString().TrimEnd();
    }

    static string Escape(string text) {
        var escaped = new StringBuilder(text.Length);
        foreach (char c in text) {
            bool plain = c < 128 && (char.IsLetterOrDigit(c) || c == '.' || c == '-' || c == '_');
            if (plain) escaped.Append(c); else escaped.Append("\\u").Append(((int) c).ToString("x4"));
        }
        return escaped.ToString();
    }

    static string Said(XmlDictionaryReader reader) {
        var words = new StringBuilder();
        var text = new StringBuilder();
        while (reader.Read()) {
            switch (reader.NodeType) {
            case XmlNodeType.Element:
                Flush(words, text);
                words.Append('<').Append(Escape(reader.NamespaceURI)).Append('|').Append(Escape(reader.LocalName)).Append(' ');
                bool empty = reader.IsEmptyElement;
                var attributes = new List<string>();
                while (reader.MoveToNextAttribute()) {
                    if (reader.NamespaceURI == "http://www.w3.org/2000/xmlns/" || reader.Prefix == "xmlns" || reader.Name == "xmlns") continue;
                    attributes.Add("@" + Escape(reader.NamespaceURI) + "|" + Escape(reader.LocalName) + "=" + Escape(reader.Value));
                }
                reader.MoveToElement();
                attributes.Sort(string.CompareOrdinal);
                foreach (string attribute in attributes) words.Append(attribute).Append(' ');
                if (empty) words.Append("> ");
                break;
            case XmlNodeType.EndElement:
                Flush(words, text);
                words.Append("> ");
                break;
            case XmlNodeType.Text:
            case XmlNodeType.CDATA:
            case XmlNodeType.Whitespace:
            case XmlNodeType.SignificantWhitespace:
                text.Append(reader.Value);
                break;
            }
        }
        Flush(words, text);
        return words.ToString().TrimEnd();
    }

    static void Flush(StringBuilder words, StringBuilder text) {
        if (text.Length > 0) words.Append('#').Append(Escape(text.ToString())).Append(' ');
        text.Length = 0;
    }

    // One thing to write.
    struct Step {
        public XmlNodeType Kind;
        public string Prefix;
        public XmlDictionaryString Local, Namespace;
        public string Text;
    }

    static void Bench(string file, double seconds) {
        byte[] payload = File.ReadAllBytes(file);
        var first = new Session();
        first.Open(payload);
        int behind = 0;
        int size = Int31(payload, ref behind);
        behind += size;

        long sum = 0;
        long events = 0;
        Func<int> read = () => {
            int count = 0;
            var reader = first.OpenAt(payload, behind);
            while (reader.Read()) {
                switch (reader.NodeType) {
                case XmlNodeType.Element:
                    count++;
                    sum += reader.LocalName.Length + reader.NamespaceURI.Length;
                    bool empty = reader.IsEmptyElement;
                    while (reader.MoveToNextAttribute()) {
                        sum += reader.Value.Length;
                        if (reader.Prefix != "xmlns" && reader.Name != "xmlns") count++;
                    }
                    reader.MoveToElement();
                    if (empty) count++;
                    break;
                case XmlNodeType.Text:
                    count++;
                    sum += reader.Value.Length;
                    break;
                case XmlNodeType.EndElement:
                    count++;
                    break;
                }
            }
            return count;
        };
        double readNs = Best(read, seconds, ref events);
        Console.WriteLine("read {0:F2} {1}", readNs, events);

        var steps = Steps(first.OpenAt(payload, behind), first);
        long written = 0;
        Func<int> write = () => {
            var stream = new MemoryStream(payload.Length);
            var session = new WriterSession(first.Added);
            using (var writer = XmlDictionaryWriter.CreateBinaryWriter(stream, Static, session, false)) {
                foreach (var step in steps) {
                    switch (step.Kind) {
                    case XmlNodeType.Element: writer.WriteStartElement(step.Prefix, step.Local, step.Namespace); break;
                    case XmlNodeType.Attribute: writer.WriteAttributeString(step.Prefix, step.Local, step.Namespace, step.Text); break;
                    case XmlNodeType.Text: writer.WriteString(step.Text); break;
                    case XmlNodeType.EndElement: writer.WriteEndElement(); break;
                    }
                }
                writer.Flush();
                written = stream.Length;
            }
            return steps.Length;
        };
        double writeNs = Best(write, seconds, ref events);
        Console.WriteLine("write {0:F2} {1} {2}", writeNs, events, written);
    }

    // A session whose strings are all known, so that none is looked up twice.
    sealed class WriterSession : XmlBinaryWriterSession {
        public WriterSession(List<string> strings) {
            var dictionary = new XmlDictionary();
            int key;
            foreach (string text in strings) TryAdd(dictionary.Add(text), out key);
        }
    }

    static Step[] Steps(XmlDictionaryReader reader, Session session) {
        var dictionary = new XmlDictionary();
        foreach (string text in session.Added) dictionary.Add(text);
        var steps = new List<Step>();
        Func<string, XmlDictionaryString> known = text => {
            XmlDictionaryString found;
            if (Static.TryLookup(text, out found)) return found;
            return dictionary.TryLookup(text, out found) ? found : dictionary.Add(text);
        };
        while (reader.Read()) {
            switch (reader.NodeType) {
            case XmlNodeType.Element:
                steps.Add(new Step { Kind = XmlNodeType.Element, Prefix = reader.Prefix, Local = known(reader.LocalName), Namespace = known(reader.NamespaceURI) });
                bool empty = reader.IsEmptyElement;
                while (reader.MoveToNextAttribute()) {
                    if (reader.Prefix == "xmlns" || reader.Name == "xmlns") continue;
                    steps.Add(new Step { Kind = XmlNodeType.Attribute, Prefix = reader.Prefix, Local = known(reader.LocalName), Namespace = known(reader.NamespaceURI), Text = reader.Value });
                }
                reader.MoveToElement();
                if (empty) steps.Add(new Step { Kind = XmlNodeType.EndElement });
                break;
            case XmlNodeType.Text: steps.Add(new Step { Kind = XmlNodeType.Text, Text = reader.Value }); break;
            case XmlNodeType.EndElement: steps.Add(new Step { Kind = XmlNodeType.EndElement }); break;
            }
        }
        return steps.ToArray();
    }

    // The least nanoseconds an event of the runs that fit into the time, after as long to warm up.
    static double Best(Func<int> run, double seconds, ref long events) {
        double best = double.MaxValue;
        for (var warm = Stopwatch.StartNew(); warm.Elapsed.TotalSeconds < seconds; ) events = run();
        for (var whole = Stopwatch.StartNew(); whole.Elapsed.TotalSeconds < seconds; ) {
            var one = Stopwatch.StartNew();
            events = run();
            best = Math.Min(best, one.Elapsed.TotalMilliseconds * 1e6 / events);
        }
        return best;
    }
}
