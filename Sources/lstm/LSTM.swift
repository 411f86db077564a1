import ArgumentParser

@main
struct LSTM: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "lstm", abstract: "Trains LSTM text classifiers.")
}
