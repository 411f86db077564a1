#if Serve
  import Files

  /// Where a server listens, and what it grants a client.
  public struct ServerOptions: Sendable {
    /// The name or number of the address to listen at.
    public var host = "127.0.0.1"
    /// The port; 0 for any that is free.
    public var port = 8080
    /// The limits.
    public var limits = Limits()
    /// How long a text may wait for others, to be classified with them.
    public var maximumWait = Duration.milliseconds(2)
    /// Whether a model's file that changes is loaded anew. SIGHUP always does that.
    public var watchesFiles = false
    /// Whether `ServerEvent.answered` has the texts.
    public var recordsTexts = false

    /// What a client may ask for.
    public struct Limits: Sendable {
      /// Bytes of a request's body.
      public var bodySize = 1 << 20
      /// Texts of a request.
      public var texts = 256
      /// Bytes of a text, in UTF-8.
      public var textSize = 1 << 17
      /// Texts that may wait.
      public var waitingTexts = 2048
      /// Texts to explain that may wait.
      public var waitingExplanations = 32
      /// Texts that are classified together.
      public var batchSize = 128
      /// Connections at a time.
      public var connections = 4096
      /// How long the head of a request may take, from a connection's start or the head's first byte.
      public var headTime = Duration.seconds(10)
      /// How long the body of a request may take.
      public var bodyTime = Duration.seconds(30)
      /// How long a connection may be idle between requests.
      public var idleTime = Duration.seconds(60)
      /// How long, once the server is to stop, an idle connection is left open for a request that may be on its way.
      public var lingerTime = Duration.milliseconds(500)

      /// The limits that are fit for a small server.
      public init() {}
    }

    /// The settings that are fit for trying a model on this machine.
    public init() {}

    /// Whether other machines can reach the server.
    public var isReachableFromElsewhere: Bool {
      !(host == "localhost" || host == "::1" || host.hasPrefix("127."))
    }
  }
#endif
