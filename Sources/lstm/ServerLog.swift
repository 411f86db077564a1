#if Serve
  import Files
  import Foundation
  import Serving

  /// Writes what happens at a server to stderr, a line for each event.
  struct ServerLog: Sendable {
    let format: LogFormat
    /// Seconds that a server may take to stop.
    let grace: Double

    func write(_ event: ServerEvent) {
      switch event {
      case .answered(let record): printError(format == .json ? record.json : record.text)
      case .started(let host, let port):
        say("started", "Listening at http://\(host.contains(":") ? "[\(host)]" : host):\(port)/")
      case .reloaded(let model): say("reloaded", "“\(model.name)” was loaded anew from \(model.path)")
      case .keptOldModel(let model, let error):
        say("kept_old_model", "“\(model.name)” stays as it was: \(advised(error))")
      case .stopping:
        say("stopping", "Finishing what has been asked")
        let grace = grace
        Thread.detachNewThread {
          Thread.sleep(forTimeInterval: grace)
          say("killed", "Error: there were unanswered requests after \(grace) seconds of grace")
          _exit(1)
        }
      case .warning(let text): say("warning", "Warning: \(text)")
      }
    }

    private func say(_ event: String, _ text: String) {
      guard format == .json else { return printError(text) }
      let time = Date().ISO8601Format(.init(includingFractionalSeconds: true))
      printError(
        OrderedJSON.object([("time", .string(time)), ("event", .string(event)), ("message", .string(text))]).text())
    }
  }
#endif
