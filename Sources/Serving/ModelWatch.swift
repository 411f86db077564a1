#if Serve
  import Files
  import Foundation
  import ServiceLifecycle
  import UnixSignals

  /// Loads models anew on SIGHUP and, where that is wanted, when their files change.
  struct ModelWatch: Service {
    let registry: ModelRegistry
    let metrics: ServerMetrics
    let watchesFiles: Bool
    let signals: UnixSignalsSequence
    let log: @Sendable (ServerEvent) -> Void
    /// How often the files are looked at.
    var interval = Duration.seconds(1)

    func run() async throws {
      await withDiscardingTaskGroup { group in
        group.addTask {
          for await _ in signals.cancelOnGracefulShutdown() {
            for model in registry.models { await reload(model) }
          }
        }
        if watchesFiles {
          for model in registry.models { group.addTask { await watch(model) } }
        }
      }
    }

    /// Reloads a model whenever its file has changed, and then stayed as it is for an interval: it may be being written.
    private func watch(_ first: ServedModel) async {
      let source = first.source
      await cancelWhenGracefulShutdown {
        // Not the file's state now: it may have changed since the model was read.
        var loaded = first.fileState
        var last = loaded
        while (try? await Task.sleep(for: interval)) != nil {
          let current = FileState(ofModel: source.path)
          if current != loaded, current == last, let model = registry.model(named: source.name) {
            loaded = current
            await reload(model)
          }
          last = current
        }
      }
    }

    private func reload(_ model: ServedModel) async {
      let result = await withCheckedContinuation { continuation in
        // Reading a model blocks its thread, which must not be one of the few that answer requests.
        Thread.detachNewThread {
          continuation.resume(returning: Result { try registry.reload(model.name) })
        }
      }
      switch result {
      case .success:
        metrics.loaded(model.name, isUsed: true)
        log(.reloaded(model.source))
      case .failure(let error):
        metrics.loaded(model.name, isUsed: false)
        log(.keptOldModel(model.source, error))
      }
    }
  }
#endif
