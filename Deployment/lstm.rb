# Homebrew's formula, which lies in a tap of your own. Name the repository's address in `head` before you copy it:
#
#   brew tap-new "$USER/lstm" && cp Deployment/lstm.rb "$(brew --repository "$USER/lstm")/Formula/"
#   brew install --HEAD "$USER/lstm/lstm"
class Lstm < Formula
  desc "Trains LSTM text classifiers on CPUs"
  homepage "https://lstm.example.org"
  license "MIT"
  head "https://lstm.example.org/swift-lstm.git", branch: "main"

  depends_on "pkgconf" => :build
  depends_on xcode: ["26.0", :build]
  depends_on "libzip"
  uses_from_macos "swift" => :build

  def install
    # Homebrew's own sandbox is around the build, and another within it can't be.
    options = %w[-c release --disable-sandbox]
    system "swift", "build", *options, "--product", "lstm"
    system "swift", "build", *options, "--product", "generate-manual"
    bin.install ".build/release/lstm"
    generate_completions_from_executable(bin/"lstm", "--generate-completion-script")
    man1.mkpath
    system ".build/release/generate-manual", bin/"lstm", "--multi-page", "--output-directory", man1
  end

  test do
    rows = (1..20).flat_map { |n| ["a wonderful film number #{n},good", "a dull film number #{n},bad"] }
    (testpath/"films.csv").write ["text,label", *rows, ""].join("\n")
    system bin/"lstm", "train", "--data", "films.csv", "--output", "films", "--quiet"
    assert_match "good", shell_output("#{bin}/lstm predict --model films 'a wonderful film'")
  end
end
