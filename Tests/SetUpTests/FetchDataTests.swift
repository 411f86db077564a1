import Foundation
import Testing

@Suite("Scripts/fetch-data.sh")
struct FetchDataTests {
  /// Both are tried where both are there.
  static let fetchers = ["curl", "wget"].filter(Machine.has)

  static let archive = Array(String(repeating: "0123456789", count: 500).utf8)
  static let index = Array(String(repeating: #"{"the":1}"#, count: 100).utf8)
  static let expectations = [
    "LSTM_DATA_SIZE": "5000",
    "LSTM_DATA_SHA256": "6735ad9f2e97ef671a692791f3c4a075723d91c7f9c4ee1df5f2bc7ef87dc76d",
    "LSTM_INDEX_SIZE": "900",
    "LSTM_INDEX_MD5": "653d92180643fc7701b9efb8f4401a6d",
    "LSTM_DATA_STALL_SECONDS": "2",
  ]

  let workspace: Workspace

  init() throws { workspace = try Workspace() }

  /// Runs the script against a server that answers so for the archive (and properly for the word index).
  func fetch(
    with fetcher: String, archive: LoopbackServer.Answer, index: LoopbackServer.Answer = .whole(Self.index)
  ) throws -> (outcome: Workspace.Outcome, requests: [String]) {
    let server = try LoopbackServer(["/imdb.npz": archive, "/imdb_word_index.json": index])
    defer { server.stop() }
    let outcome = try fetch(with: fetcher, from: server.address)
    return (outcome, server.requests)
  }

  func fetch(with fetcher: String, from address: String) throws -> Workspace.Outcome {
    let settings = ["PATH": try workspace.barePath(with: [fetcher]), "LSTM_DATA_ADDRESS": address]
    return try workspace.run("Scripts/fetch-data.sh", environment: Self.expectations.merging(settings) { $1 })
  }

  /// Nothing was left in Data beyond what is shipped and these.
  func expectData(_ fetched: [String] = [], sourceLocation: SourceLocation = #_sourceLocation) throws {
    #expect(
      try workspace.names(in: "Data")
        == (fetched + ["sample.npz", "sample.options", "sample_word_index.json"]).sorted(),
      sourceLocation: sourceLocation)
  }

  @Test("Both files arrive whole, and are not fetched again", arguments: fetchers)
  func whole(fetcher: String) throws {
    let (outcome, requests) = try fetch(with: fetcher, archive: .whole(Self.archive))
    #expect(outcome.code == 0, "\(outcome.said)")
    #expect(requests == ["/imdb.npz", "/imdb_word_index.json"])
    try expectData(["imdb.npz", "imdb_word_index.json"])
    #expect(try workspace.read("Data/imdb.npz") == String(decoding: Self.archive, as: UTF8.self))
    #expect(try workspace.read("Data/imdb_word_index.json") == String(decoding: Self.index, as: UTF8.self))

    let again = try fetch(with: fetcher, archive: .error(500))
    #expect(again.outcome.code == 0)
    #expect(again.requests == [])
  }

  @Test("A download that ends early", arguments: fetchers)
  func cutShort(fetcher: String) throws {
    let (outcome, _) = try fetch(with: fetcher, archive: .cutShort(Self.archive))
    #expect(outcome.code == 13)
    #expect(outcome.said.contains("the download of imdb.npz was cut short after 2500 of 5000 bytes"))
    try expectData()
  }

  @Test("A whole answer with fewer bytes than expected", arguments: fetchers)
  func tooShort(fetcher: String) throws {
    let (outcome, _) = try fetch(with: fetcher, archive: .whole(Self.archive.dropLast()))
    #expect(outcome.code == 13)
    #expect(outcome.said.contains("cut short after 4999 of 5000 bytes"))
    try expectData()
  }

  @Test("The right size with the wrong sum", arguments: fetchers)
  func wrongSum(fetcher: String) throws {
    let (outcome, _) = try fetch(with: fetcher, archive: .whole(Self.archive.reversed()))
    #expect(outcome.code == 14)
    #expect(outcome.said.contains("for imdb.npz has the wrong sha256 sum"))
    try expectData()
  }

  @Test("A server that accepts and never answers", arguments: fetchers)
  func mute(fetcher: String) throws {
    let (outcome, _) = try fetch(with: fetcher, archive: .mute)
    #expect(outcome.code == 11)
    #expect(outcome.said.contains("fell silent for 2 seconds while sending imdb.npz"))
    try expectData()
  }

  @Test("A server that falls silent in the middle", arguments: fetchers)
  func silent(fetcher: String) throws {
    let (outcome, _) = try fetch(
      with: fetcher, archive: .silent(after: Array(Self.archive.prefix(1000)), of: Self.archive.count))
    #expect(outcome.code == 11)
    #expect(outcome.said.contains("fell silent for 2 seconds while sending imdb.npz"))
    try expectData()
  }

  @Test("An error of the server", arguments: fetchers)
  func notFound(fetcher: String) throws {
    let (outcome, _) = try fetch(with: fetcher, archive: .error(404))
    #expect(outcome.code == 12)
    #expect(outcome.said.contains("refused to send imdb.npz"))
    #expect(outcome.said.contains("404"))
    try expectData()
  }

  @Test("A body without an end is given up at the expected size", arguments: fetchers)
  func endless(fetcher: String) throws {
    let server = try LoopbackServer(["/imdb.npz": .endless])
    defer { server.stop() }
    let outcome = try fetch(with: fetcher, from: server.address)
    #expect(!server.isDrained)
    #expect(outcome.code == 15)
    #expect(outcome.said.contains("more for imdb.npz than the 5000 bytes expected"))
    try expectData()
  }

  @Test("An announced body of more bytes than expected", arguments: fetchers)
  func tooLong(fetcher: String) throws {
    let (outcome, _) = try fetch(with: fetcher, archive: .whole(Self.archive + [0x30]))
    #expect(outcome.code == 15)
    try expectData()
  }

  @Test("Another address is not followed unless it is https", arguments: fetchers)
  func redirect(fetcher: String) throws {
    let elsewhere = try LoopbackServer(["/imdb.npz": .whole(Self.archive)])
    defer { elsewhere.stop() }
    let (outcome, _) = try fetch(with: fetcher, archive: .redirect(elsewhere.address + "/imdb.npz"))
    #expect(outcome.code == 12)
    #expect(elsewhere.requests == [])
    try expectData()
  }

  @Test("Nobody there", arguments: fetchers)
  func noNetwork(fetcher: String) throws {
    let outcome = try fetch(with: fetcher, from: try LoopbackServer.deadAddress())
    #expect(outcome.code == 10)
    #expect(outcome.said.contains("no network"))
    try expectData()
  }

  @Test("The archive stays when only the word index fails")
  func indexFails() throws {
    let (outcome, _) = try fetch(with: "curl", archive: .whole(Self.archive), index: .error(503))
    #expect(outcome.code == 12)
    #expect(outcome.said.contains("imdb_word_index.json"))
    try expectData(["imdb.npz"])
  }

  @Test("A file of the user's is left alone")
  func otherFile() throws {
    try workspace.write("mine", to: "Data/imdb.npz")
    let (outcome, requests) = try fetch(with: "curl", archive: .whole(Self.archive))
    #expect(outcome.code == 17)
    #expect(outcome.said.contains("It stays as it is"))
    #expect(requests == [])
    #expect(try workspace.read("Data/imdb.npz") == "mine")
  }

  @Test("Neither curl nor wget")
  func noFetcher() throws {
    let outcome = try fetch(with: "true", from: "http://127.0.0.1:9")
    #expect(outcome.code == 16)
    #expect(outcome.said.contains("neither curl nor wget"))
    try expectData()
  }

  @Test(
    "Plain http to another machine is refused",
    arguments: [
      "http://example.com", "http://127.0.0.1:80@example.com/", "http://localhost.example.com", "ftp://127.0.0.1",
    ])
  func plainHTTP(address: String) throws {
    let outcome = try fetch(with: "true", from: address)
    #expect(outcome.code == 2)
    #expect(outcome.said.contains("only https"))
  }

  @Test("Ended from outside it leaves no partial file")
  func terminated() throws {
    let server = try LoopbackServer(["/imdb.npz": .mute])
    defer { server.stop() }
    let running = try workspace.start(
      "Scripts/fetch-data.sh",
      environment: Self.expectations.merging(
        ["LSTM_DATA_ADDRESS": server.address, "LSTM_DATA_STALL_SECONDS": "30"]) { $1 })
    while server.requests.isEmpty && running.process.isRunning { usleep(10_000) }
    #expect(try workspace.names(in: "Data").contains { $0.hasSuffix(".partial") })
    running.process.terminate()
    #expect(try running.outcome().code == 143)
    try expectData()
  }
}
