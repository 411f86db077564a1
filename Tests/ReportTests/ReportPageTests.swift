import Corpus
import Files
import Fixtures
import Foundation
import Hyperparameters
import Models
import Parallel
import RecurrentNetwork
import Report
import Testing
import Training

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// Pages about runs whose folders are made by hand, on the sample that the repository ships.
@Suite struct ReportPageTests {
  private static let sample =
    URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path + "/Data/sample.npz"

  private static var configuration: TrainingConfiguration {
    var configuration = TrainingConfiguration()
    configuration.vocabularySize = 60
    configuration.maxLength = 100
    configuration.embeddingSize = 3
    configuration.hiddenSize = 4
    configuration.batchSize = 20
    return configuration
  }

  /// A run's folder; `limit` reviews of each part.
  private func run(
    in folder: TemporaryFolder, named name: String = "run", epochs: Int, hasModel: Bool = true,
    hasPerformance: Bool = true,
    data: String? = sample, limit: Int = 50
  ) throws -> TemporaryRun {
    let run = try folder.run(named: name)
    let epochRows = (0..<epochs).map { "\($0),0.\(5 + $0),0.7,0.\(6 + $0),0.\(9 - $0)\n" }
    try run.write(RunRecordTests.history + epochRows.joined(), "history.csv")
    let stepRows = (1...3 * max(epochs, 1)).map { "\($0),0.6,0.5\n" }
    try run.write(RunRecordTests.steps + (epochs == 0 ? "" : stepRows.joined()), "steps.csv")
    if hasPerformance {
      let rows = (1...3 * max(epochs, 1)).map { "\($0),\($0),\($0)000000\n" }
      try run.write("step,seconds,memory_bytes\n" + rows.joined(), "performance.csv")
    }
    let configuration = Self.configuration
    if let data {
      let json = String(decoding: try JSONEncoder().encode(configuration), as: UTF8.self)
      try run.write(
        "{\"version\":\"0.1.0\",\"data\":\"\(data)\",\"threads\":2,\"limit\":\(limit),\"configuration\":\(json)}",
        "run.json")
    }
    if hasModel {
      var generator = RandomGenerator(seed: 1)
      var vocabulary = (0..<configuration.vocabularySize).map { "word\($0)" }
      // The sample's most frequent words are these.
      for token in 3..<60 { vocabulary[token] = token % 2 == 0 ? "<script>alert(\(token))</script>" : "a&b\"'" }
      try Model(
        Parameters(kerasInitial: ParameterLayout(configuration.architecture), using: &generator),
        configuration: configuration, vocabulary: vocabulary
      ).write(toSafetensors: run.path + "/model.safetensors")
    }
    return run
  }

  private func page(_ folders: TemporaryRun..., data: String? = nil) throws -> String {
    let runs = try folders.map { folder in
      let record = try RunRecord(contentsOf: folder.path)
      return ReportPage.Run(
        record: record, predictions: try record.predictions(data: data, threads: 2) { #expect((0...1).contains($0)) })
    }
    let html = ReportPage(runs).html
    // Whole and by itself, whatever is in it.
    for reference in ["http", "src=", "@import", "url(", "<link", "<script"] { #expect(!html.contains(reference)) }
    for bad in ["nan", "inf\""] { #expect(!html.contains(bad)) }
    // Well-formed but for what HTML needs not close.
    let text = html.replacing("<!DOCTYPE html>", with: "").replacing(/<(meta [^>]*|wbr)>/, with: "")
      .replacing(/<style>(.|\n)*?<\/style>/, with: "")
    let parser = XMLParser(data: Data(text.utf8))
    #expect(parser.parse(), "\(parser.parserError.map { "\($0)" } ?? ""), line \(parser.lineNumber)")
    return html
  }

  private func count(_ text: String, in html: String) -> Int { html.ranges(of: text).count }

  @Test func showsAWholeRun() throws {
    try withTemporaryFolder { temporary in
      let html = try page(run(in: temporary, epochs: 2))
      #expect(html.contains("<h1>Validation accuracy 0.7000 after 2 epochs</h1>"))
      #expect(html.contains("<tr><th scope=\"row\">batch size</th><td>20</td></tr>"))
      #expect(html.contains("<tr><th scope=\"row\">validation texts</th><td>50</td></tr>"))
      #expect(html.contains("Training loss by step: from 0.6000 to 0.6000"))
      #expect(html.contains("Validation loss 0.8000 after epoch 2, training 0.7000"))
      // Six steps of a second: 20, 20 and an epoch's last 10.
      #expect(html.contains("Median speed 20 texts/s"))
      #expect(html.contains("Peak memory 6 MB"))
      #expect(!html.contains("review"), "the data are texts of any kind")
      #expect(html.contains("Area under the ROC curve 0."))
      #expect(count("class=\"wide\"", in: html) == 6)
      #expect(count("class=\"square\"", in: html) == 3)
      #expect(count("class=\"verdict\"", in: html) == 10)
      #expect(count("class=\"confusion\"", in: html) == 1)
    }
  }

  @Test func escapesWords() throws {
    try withTemporaryFolder { temporary in
      let html = try page(run(in: temporary, epochs: 1))
      #expect(html.contains("&lt;script&gt;alert("))
      #expect(html.contains("a&amp;b&quot;&#39;"))
      #expect(html.contains("<span class=\"unknown\">&lt;unk&gt;</span>"))
      #expect(!html.contains("word1"))
    }
  }

  @Test func agreesWithTheModel() throws {
    try withTemporaryFolder { temporary in
      let folder = try run(in: temporary, epochs: 1)
      let record = try RunRecord(contentsOf: folder.path)
      let predictions = try record.predictions(data: nil, threads: 1) { _ in }.get()
      var (training, test) = try KerasIMDB.loadData(path: Self.sample, options: .init(numWords: 60))
      (training, test) = (training.prefix(50), test.prefix(50))
      test.sequences.truncate(to: 100)
      let model = try #require(record.model)
      let network = DataParallelNetwork(model.parameters.layout, maxLength: 100, threads: 2)
      let metrics = try #require(network.evaluate(test, parameters: model.parameters))
      #expect(predictions.evaluation.accuracy == metrics.accuracy)
      #expect(predictions.evaluation.count == 50)
      #expect(predictions.trainingCount == 50)
      // Each is wrong, and the surest comes first.
      let outcomes = try #require(network.outcomes(of: test, parameters: model.parameters))
      let reviews = predictions.mostConfidentlyWrong
      for review in reviews {
        #expect(review.label == test.labels[review.index])
        #expect(review.probability == outcomes[review.index].probability)
        #expect((review.probability > 0.5) != (review.label == 1))
        #expect(review.tokens == Array(test.sequences[review.index]))
      }
      let sureness = reviews.map { abs(outcomes[$0.index].logit) }
      #expect(sureness == sureness.sorted(by: >))
      let surest = outcomes.indices.filter { (outcomes[$0].probability > 0.5) != (test.labels[$0] == 1) }
        .map { abs(outcomes[$0].logit) }.max()
      #expect(sureness.first == surest)
    }
  }

  @Test func shortensReviewsAroundTheirEnd() throws {
    try withTemporaryFolder { temporary in
      let folder = try run(in: temporary, epochs: 1)
      let record = try RunRecord(contentsOf: folder.path)
      var predictions = try record.predictions(data: nil, threads: 1) { _ in }.get()
      func html(_ tokens: [Int32]) -> String {
        predictions.mostConfidentlyWrong[0].tokens = tokens
        return ReportPage([.init(record: record, predictions: .success(predictions))]).html
      }
      #expect(html([1] + [Int32](repeating: 0, count: 80)).contains("<p class=\"words\">word0 word0"))
      let long = html([1] + [Int32](repeating: 2, count: 50) + [Int32](repeating: 0, count: 80))
      #expect(long.contains("<p class=\"words\"><span class=\"unknown\">… 50 words …</span> word0"))
    }
  }

  @Test func showsARunThatHasJustBegun() throws {
    try withTemporaryFolder { temporary in
      let html = try page(run(in: temporary, epochs: 0, hasModel: false, hasPerformance: false))
      #expect(html.contains("<h1>No epoch is complete yet</h1>"))
      #expect(html.contains("No step is complete yet."))
      #expect(html.contains("There is no model.safetensors yet"))
      #expect(!html.contains("<figure>"))
    }
  }

  @Test func showsOneEpoch() throws {
    try withTemporaryFolder { temporary in
      let html = try page(run(in: temporary, epochs: 1, hasPerformance: false))
      #expect(html.contains("<h1>Validation accuracy 0.6000 after 1 epoch</h1>"))
      #expect(count("class=\"wide\"", in: html) == 4)
      #expect(!html.contains("Speed and memory"))
    }
  }

  @Test func overlaysRuns() throws {
    try withTemporaryFolder { temporary in
      let html = try page(run(in: temporary, named: "first", epochs: 1), run(in: temporary, named: "second", epochs: 3))
      #expect(html.contains("<h1>second has the highest validation accuracy of 2 runs, 0.8000</h1>"))
      #expect(html.contains("Validation loss by epoch: lowest in the model of second, 0.7000"))
      #expect(html.contains("</svg>first</th>"))
      #expect(html.contains("second: predictions</h2>"))
      #expect(count("class=\"wide\"", in: html) == 6)
      #expect(count("class=\"square\"", in: html) == 6)
    }
  }

  @Test func saysThatRunsHaveDifferentData() throws {
    try withTemporaryFolder { temporary in
      let html = try page(
        run(in: temporary, named: "first", epochs: 1), run(in: temporary, named: "second", epochs: 3, limit: 40))
      #expect(html.contains("of 2 runs on different data, 0.8000</h1>"))
      #expect(html.contains("Figures on different texts say nothing about which settings are better."))
    }
  }

  @Test func tellsFoldersOfOneNameApart() throws {
    try withTemporaryFolder { temporary in
      let (first, second) = (
        try run(in: temporary, named: "a/run", epochs: 1), try run(in: temporary, named: "b/run", epochs: 1)
      )
      let html = try page(first, second)
      #expect(html.contains("</svg>\(first.path)</th>") && html.contains("</svg>\(second.path)</th>"))
    }
  }

  @Test func saysThatARunNamesNoArchive() throws {
    try withTemporaryFolder { temporary in
      let html = try page(run(in: temporary, epochs: 1, data: nil))
      #expect(html.contains("doesn&#39;t say which data"))
    }
  }

  @Test func saysThatTheArchiveOfARunIsGone() throws {
    try withTemporaryFolder { temporary in
      let html = try page(run(in: temporary, epochs: 1, data: "/nowhere.npz"))
      #expect(html.contains("The run&#39;s data, /nowhere.npz, aren&#39;t there"))
    }
  }

  @Test func givenDataReplaceThoseOfTheRun() throws {
    try withTemporaryFolder { temporary in
      let html = try page(run(in: temporary, epochs: 1, data: "/nowhere.npz"), data: Self.sample)
      #expect(html.contains("class=\"confusion\""))
    }
  }

  @Test func refusesGivenDataThatAreNotThere() throws {
    try withTemporaryFolder { temporary in
      let run = try run(in: temporary, epochs: 1)
      refuses((any ActionableError).self, at: "/nowhere.npz", "no such file") { try page(run, data: "/nowhere.npz") }
    }
  }

  @Test func drawsWhatIsNoNumberAsAGap() throws {
    try withTemporaryFolder { temporary in
      let folder = try run(in: temporary, epochs: 1, hasModel: false)
      try folder.write(RunRecordTests.history + "0,0.5,nan,0.5,inf\n1,0.5,3e38,0.5,-3e38\n", "history.csv")
      try folder.write(RunRecordTests.steps + "1,nan,0.5\n2,-inf,0.5\n", "steps.csv")
      let html = try page(folder)
      #expect(html.contains("Training loss by step: from not a number to −∞"))
    }
  }

  @Test func refusesWeightsThatGiveNoNumber() throws {
    try withTemporaryFolder { temporary in
      let folder = try run(in: temporary, epochs: 1)
      var configuration = Self.configuration
      configuration.hiddenSize = 64
      let layout = ParameterLayout(configuration.architecture)
      var parameters = Parameters(zeros: layout)
      // Open gates bring every unit near 1, and the output adds up to ∞ − ∞.
      for i in layout.bias.range { parameters.values[i] = 100 }
      for i in layout.denseKernel.range { parameters.values[i] = i % 2 == 0 ? 3e38 : -3e38 }
      try Model(parameters, configuration: configuration).write(toSafetensors: folder.path + "/model.safetensors")
      refuses((any ActionableError).self, "is not a number") { try page(folder) }
    }
  }

  @Test func mutatedFilesNeverTrap() throws {
    try withTemporaryFolder { temporary in
      let folder = try run(in: temporary, epochs: 3, hasModel: false, limit: 5)
      let names = ["history.csv", "steps.csv", "performance.csv", "run.json"]
      let originals = try names.map { try Data(contentsOf: URL(fileURLWithPath: folder.path + "/" + $0)) }
      var generator = RandomGenerator(seed: 1)
      func number(below end: Int) -> Int { Int(generator.uniform() * Double(end)) }
      var pages = 0
      for _ in 0..<2000 {
        let file = number(below: names.count)
        var bytes = originals[file]
        for _ in 0...number(below: 2) {
          let position = number(below: bytes.count)
          switch number(below: 3) {
          case 0: bytes[position] = UInt8(truncatingIfNeeded: generator.next())
          // What numbers are made of, and so likely to be read.
          case 1: bytes[position] = Array("0123456789.-,ex\n".utf8)[number(below: 16)]
          default: bytes.insert(contentsOf: Data("9e99".utf8.prefix(1 + number(below: 4))), at: position)
          }
        }
        try bytes.write(to: URL(fileURLWithPath: folder.path + "/" + names[file]))
        if let record = try? RunRecord(contentsOf: folder.path),
          let predictions = try? record.predictions(data: nil, threads: 1, progress: { _ in })
        {
          #expect(!ReportPage([.init(record: record, predictions: predictions)]).html.isEmpty)
          pages += 1
        }
        try originals[file].write(to: URL(fileURLWithPath: folder.path + "/" + names[file]))
      }
      #expect(pages > 100)
    }
  }

  @Test func thinsLongRuns() throws {
    try withTemporaryFolder { temporary in
      let folder = try run(in: temporary, epochs: 1, hasModel: false)
      try folder.write(
        RunRecordTests.steps + (1...100_000).map { "\($0),0.\($0 % 2 == 0 ? 25 : 75),0.5\n" }.joined(), "steps.csv")
      let html = try page(folder)
      #expect(html.contains("Each point is the mean of up to 500 steps."))
      #expect(html.utf8.count < 60_000)
    }
  }
}
