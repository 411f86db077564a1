import Corpus
import Fixtures
import Foundation
import Models
import NGrams
import Testing

@Suite("A model with a wide part")
struct WideModelTests {
  private static func classifier(labelCount: Int = 2) -> NGramClassifier {
    let texts = ["good film", "a good film", "bad film", "the bad film", "größer 好", "größte 好"]
    return NGramClassifier(
      training: WordSequences(texts, coding: TextCoding()), labels: [1, 1, 0, 0, 1, UInt8(labelCount - 1)],
      labelCount: labelCount, settings: NGramSettings(), seed: 1, threads: 1)
  }

  private static func model() throws -> Model {
    var model = SmallModel.model
    try model.setWide(classifier())
    return model
  }

  @Test("comes back from its file bit for bit")
  func roundTrip() throws {
    try withTemporaryFolder { folder in
      let (model, path) = (try Self.model(), folder.path("m.safetensors"))
      try model.write(to: path)
      #expect(try Model(contentsOf: path) == model)
      try Model(contentsOf: path).write(to: folder.path("n.safetensors"))
      #expect(try folder.bytes("m.safetensors") == folder.bytes("n.safetensors"))
    }
  }

  @Test("goes into an ONNX file, which can't be read back")
  func onnx() throws {
    try withTemporaryFolder { folder in
      let (model, path) = (try Self.model(), folder.path("m.onnx"))
      try model.write(to: path)
      refuses(.unsupported, at: path, "n-grams, which are only written") { try Model(contentsOf: path) }
      let readMe = model.readMe(forONNX: "m.onnx")
      for piece in [
        "| input | `words` | int64 |", "| input | `characters` | int64 |", "`words` (those of the n-grams)",
      ] {
        #expect(readMe.contains(piece), "\(piece)")
      }
    }
  }

  @Test("is refused by formats that have no place for it", arguments: ["m.keras", "m.npz"])
  func formats(name: String) throws {
    try withTemporaryFolder { folder in
      let model = try Self.model()
      refuses(.unsupported, at: folder.path(name), "the format has no place for the model's n-grams") {
        try model.write(to: folder.path(name))
      }
      #expect(!folder.contains(name))
    }
  }

  @Test("has as many logits as its network")
  func mismatch() {
    refuses(.mismatch, "the n-grams have weights for another number of labels than the network") {
      var model = SmallModel.model
      try model.setWide(Self.classifier(labelCount: 3))
    }
  }

  @Test("is refused where its file contradicts itself")
  func contradictions() throws {
    let changes: [(String, (inout Safetensors) -> Void)] = [
      ("no products", { $0.tensors["wide.products"] = nil }),
      ("a negative square", { $0.tensors["wide.squares"]!.values[3] = -1 }),
      ("a product that is no number", { $0.tensors["wide.products"]!.values[3] = .nan }),
      ("a sequence of what isn't there", { $0.tensors["wide.sequences"]!.values[0] = 1e6 }),
      ("a sequence of what can't be counted", { $0.tensors["wide.sequences"]!.values[1] = 3e38 }),
      ("a word twice", { $0.metadata["wide"]!.replace("\"film\"", with: "\"good\"") }),
      ("no description", { $0.metadata["wide"] = nil }), ("no JSON", { $0.metadata["wide"] = "[" }),
      ("an impossible order", { $0.metadata["wide"]!.replace("\"order\":3", with: "\"order\":1000000") }),
    ]
    try withTemporaryFolder { folder in
      let path = folder.path("m.safetensors")
      try Self.model().write(to: path)
      let file = try Safetensors(contentsOf: path)
      for (name, change) in changes {
        var changed = file
        change(&changed)
        try #require(changed != file, "\(name)")
        try changed.write(to: path)
        #expect(throws: ModelError.self, "\(name)") { try Model(contentsOf: path) }
      }
    }
  }
}
