import Foundation

/// Reads what libFuzzer makes of its corpus with one of the readers. Scripts/fuzz.sh says how to run it.
@main enum Fuzz {
  static func main() throws {
    let environment = ProcessInfo.processInfo.environment
    if let folder = environment["FUZZ_SEEDS"] { return try Seeds.write(to: folder) }
    if let name = environment["FUZZ_ANSWERS"] { return try Answers(rawValue: name)!.run() }
    guard runDriver(&argumentCount, &arguments, { testOneInput($0, $1) }) == 0 else { exit(1) }
  }

  // libFuzzer may change them.
  nonisolated(unsafe) private static var argumentCount = CommandLine.argc
  nonisolated(unsafe) private static var arguments = CommandLine.unsafeArgv
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ argumentCount: UnsafeMutablePointer<Int32>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

private let reader: Reader = {
  let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
  guard let reader = Reader(rawValue: name) else {
    fatalError("FUZZ_TARGET must be one of \(Reader.allCases.map(\.rawValue).joined(separator: ", "))")
  }
  return reader
}()

/// Most readers take files, since that is where bytes that nobody can vouch for come from.
let scratchPath = (FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : "/tmp") + "/lstm-fuzz-\(getpid())"

/// libFuzzer's own main function, which isn't used here, asks for a function of this name.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  var file = bytes.map { Data(bytes: $0, count: count) } ?? Data()
  if let container = reader.container { file = container.file(of: file) }
  do { try reader.read(file) } catch {
    // Whatever the error, its line is one that a terminal can show.
    let line = "\(error)"
    let isSafe = line.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    precondition(isSafe && error is any LocalizedError, "not a message: \(line.debugDescription)")
  }
  return 0
}

/// How libFuzzer changes an input.
@_cdecl("LLVMFuzzerCustomMutator")
func mutate(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int, _ seed: UInt32) -> Int {
  // Now and then without regard to the format.
  guard reader == .onnx, seed % 8 > 0 else { return libFuzzerMutate(bytes, count, limit) }
  var mutator = ProtobufMutator(seed: seed) { part in
    let capacity = max(part.count + 8, 16)
    let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    defer { copy.deallocate() }
    copy.update(from: part, count: part.count)
    return Array(UnsafeBufferPointer(start: copy, count: libFuzzerMutate(copy, part.count, capacity)))
  }
  let message = Array(UnsafeBufferPointer(start: bytes, count: count))
  guard let mutated = mutator.mutated(message), !mutated.isEmpty, mutated.count <= limit else {
    return libFuzzerMutate(bytes, count, limit)
  }
  bytes.update(from: mutated, count: mutated.count)
  return mutated.count
}

@_silgen_name("LLVMFuzzerMutate")
private func libFuzzerMutate(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int) -> Int
