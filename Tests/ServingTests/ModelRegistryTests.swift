#if Serve
  import Classification
  import Files
  import Fixtures
  import Foundation
  import Models
  import Serving
  import Testing

  @Suite("Models in use")
  struct ModelRegistryTests {
    private func load(_ source: ModelSource) throws -> TextClassifier {
      try TextClassifier(contentsOf: source.path, threads: 1)
    }

    @Test("A model is replaced; requests that have the old one keep it")
    func reload() throws {
      try withTemporaryFolder { folder in
        let path = folder.path("model.safetensors")
        try smallModel().write(to: path, as: .safetensors)
        let registry = try ModelRegistry([ModelSource(name: "a", path: path)], load: load)
        let old = try #require(registry.model(named: "a"))
        let before = old.classifier.classify("w5 w6")
        try smallModel(labels: ["no", "yes"], seed: 9).write(to: path, as: .safetensors)
        try registry.reload("a")
        let new = try #require(registry.model(named: "a"))
        #expect(new !== old && new.labels == ["no", "yes"] && registry.models.count == 1)
        #expect(new.classifier.classify("w5 w6") != before)
        #expect(old.classifier.classify("w5 w6") == before)
      }
    }

    @Test("A model knows its file's state from before it was read, so that a change meanwhile is seen")
    func fileState() throws {
      try withTemporaryFolder { folder in
        let path = folder.path("model.safetensors")
        try smallModel().write(to: path, as: .safetensors)
        let before = FileState(ofModel: path)
        let registry = try ModelRegistry([ModelSource(name: "a", path: path)]) { source in
          let classifier = try load(source)
          try smallModel(seed: 9).write(to: path, as: .safetensors)
          return classifier
        }
        #expect(registry.model(named: "a")?.fileState == before && before != FileState(ofModel: path))
      }
    }

    @Test("A bad file, or one whose probabilities are not numbers, leaves the old model")
    func badReload() throws {
      try withTemporaryFolder { folder in
        let path = folder.path("model.safetensors")
        try smallModel().write(to: path, as: .safetensors)
        let registry = try ModelRegistry([ModelSource(name: "a", path: path)], load: load)
        let old = registry.model(named: "a")
        try folder.write("no model", to: "model.safetensors")
        refuses(ModelError.self, at: path) { try registry.reload("a") }
        try smallModel(isUnusable: true).write(to: path, as: .safetensors)
        refuses(ServingError.self, at: path, "not numbers") { try registry.reload("a") }
        #expect(registry.model(named: "a") === old)
      }
    }

    @Test(
      "Names are distinct, and fit into an address",
      arguments: ["", "a/b", "a b", "é", "..", String(repeating: "a", count: 65)])
    func names(name: String) throws {
      let classifier = try TextClassifier(smallModel(), threads: 1)
      refuses(ServingError.self, "can't be a model's name") {
        try ModelRegistry([ModelSource(name: name, path: "")]) { _ in classifier }
      }
      refuses(ServingError.self, "two models are called “a”") {
        try ModelRegistry(["a", "a"].map { ModelSource(name: $0, path: "") }) { _ in classifier }
      }
      refuses(ServingError.self, "no model") { try ModelRegistry([]) { _ in classifier } }
    }
  }
#endif
