import Corpus
import Foundation
import RecurrentNetwork

extension Model {
  /// Markdown for the recipient of an ONNX file of this model, with a runnable example in Python.
  ///
  /// - Parameter name: the name of the file.
  package func readMe(forONNX name: String) -> String {
    let metadata =
      ["`vocabulary` (the word of each id\(vocabulary == nil ? "; not in this file" : ""))"]
      + ["`configuration` (`maxLength` and all other training settings)"]
      + (wide == nil ? [] : ["`\(ONNXGraph.wordsKey)` (those of the n-grams)"])
    return """
      # \(name)

      \(classifierInWords) of texts, \(parameters.architecture)\(wide == nil ? "" : " and n-grams"), written by swift-lstm. \
      ONNX opset \(ONNXGraph.opset), IR \(ONNXGraph.irVersion); checked with ONNX Runtime 1.32.0.

      | | name | type | shape |
      |---|---|---|---|
      \(inputNames.map { "| input | `\($0)` | int64 | [batch, \($0 == ONNXGraph.tokens ? "time" : $0)], both of any size |" }
        .joined(separator: "\n"))
      | output | `\(ONNXGraph.probability)` | float32 | \(outputInWords) |

      **To turn a text into words**, proceed as follows: \(codingInWords)

      \(hasNetwork ? tokensInWords + "\n\n" : "")\(wide == nil ? "" : ngramsInWords + "\n\n")\
      The model's metadata are texts, each of them JSON: \(metadata.joined(separator: ", ")), `labels` and `coding`.

      ```python
      \(example(name))
      ```

      """
  }

  private var hasNetwork: Bool { configuration.hasNetwork }

  /// The names of the graph's inputs.
  private var inputNames: [String] {
    (hasNetwork ? [ONNXGraph.tokens] : []) + (wide == nil ? [] : [ONNXNGrams.words])
      + (hasCharacters ? [ONNXNGrams.characters] : [])
  }

  private var hasCharacters: Bool { wide.map { $0.index.characters.count > 0 } ?? false }

  private var outputInWords: String {
    labels.count == 2
      ? "[batch, 1]: the probability of “\(labels[1])”\(threshold == 0.5 ? "" : ", predicted above \(threshold)"); else “\(labels[0])”"
      : "[batch, \(labels.count)]: the probability of each label, in the order of `labels` in the metadata"
  }

  private var codingInWords: String {
    let lowercasing = coding.lowercasing == .ascii ? "convert A to Z to lower case; " : "convert it to lower case; "
    let words =
      switch coding.tokens {
      case .keras where coding.removesPunctuation:
        lowercasing + "remove all of ASCII's punctuation, and take what stands between ASCII's white space."
      case .keras:
        lowercasing
          + "replace each of `` !\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~ ``, tab and newline by a space, and take what "
          + "stands between spaces."
      case .words:
        "make curly quotation marks and apostrophes straight; normalize it (NFC); " + lowercasing
          + "and cut it at Unicode's word boundaries (UAX #29). All pieces but white space are words, punctuation marks "
          + "among them."
      case .characters:
        "normalize it (NFC); " + lowercasing
          + "and take each character with its marks (a grapheme cluster), except white "
          + "space."
      }
    return (coding.stripsHTML ? "replace tags such as `<br />` by a space; " : "") + words
  }

  private var tokensInWords: String {
    let length = configuration.maxLength
    return """
      **Token ids** (`\(ONNXGraph.tokens)`) range from 0 to \(configuration.vocabularySize - 1):

      | id | meaning |
      |---|---|
      | 0 | padding |
      | 1 | \(coding.hasStartToken ? "the start of a text, always its first token" : "not used") |
      | 2 | \(coding.skipsUnknownWords ? "not used" : "a word that is not in the vocabulary") |
      | 3 | not used |
      | 4 and up | the words of the vocabulary, most frequent first: the word of rank r has id r + 3 |

      \(coding.skipsUnknownWords ? "Leave out words that are not in the vocabulary, and replace each other word" : "Replace each word") \
      by its id\(coding.hasStartToken ? ", and insert 1 in front" : "").

      **Padding**: of a text with more than \(length) ids, keep the \(coding.truncation == .pre ? "last" : "first") \(length). Pad a shorter one with 0 \
      \(coding.padding == .pre ? "in front" : "at its end"), to \(length) ids. \(
        configuration.masksPadding
          ? "Padding is masked: it only serves to make all texts of a batch equally long."
          : "The model was trained this way, and padding is not masked: other lengths work, but change the probabilities.")
      """
  }

  private var ngramsInWords: String {
    """
    **n-grams**: `\(ONNXNGrams.words)` are all words of the text by their places in the list `\(ONNXGraph.wordsKey)` of \
    the metadata, with 0 in front of the first, and -1 for a word that the list lacks.\(hasCharacters
      ? " `\(ONNXNGrams.characters)` are the code points of the same words: a space, then each word of two characters or "
        + "more with a space behind it." : "") Pad with -1 at the end.
    """
  }

  // MARK: The example

  private func example(_ name: String) -> String {
    let file = "\"" + name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    guard vocabulary != nil else {
      return """
        import json

        import numpy as np
        import onnxruntime

        session = onnxruntime.InferenceSession(\(file))
        metadata = session.get_modelmeta().custom_metadata_map
        length = json.loads(metadata["configuration"])["maxLength"]

        ids = [1, 14, 22, 16]  # the start, then the ids of the words
        tokens = np.array([[0] * (length - len(ids)) + ids[-length:]], np.int64)
        (probabilities,) = session.run(None, {"\(ONNXGraph.tokens)": tokens})
        print(probabilities)
        """
    }
    let package = coding.tokens == .keras ? "import re\n" : "import re\nimport unicodedata\n"
    return """
      import json
      \(package)
      import numpy as np
      import onnxruntime
      \(coding.tokens == .keras ? "" : "import regex\n")
      session = onnxruntime.InferenceSession(\(file))
      metadata = session.get_modelmeta().custom_metadata_map
      labels = json.loads(metadata["labels"])
      \(setUpInPython)


      def words_of(text):
      \(coding.stripsHTML ? "    text = re.sub(r\"<[A-Za-z/!?][^<>]*>\", \" \", text)\n" : "")\(wordsInPython)


      def padded(rows, value, length=None, in_front=False):
          length = length or max(map(len, rows))
          pads = [[value] * (length - len(row)) for row in rows]
          return np.array([pad + row if in_front else row + pad for pad, row in zip(pads, rows)], np.int64)


      texts = ["A wonderful film: I loved every minute of it.", "Dull, and far too long. A waste of time!"]
      words = [words_of(text) for text in texts]
      inputs = {
      \(inputsInPython.map { "    \($0),\n" }.joined())}
      (probabilities,) = session.run(None, inputs)
      \(labels.count == 2
        ? """
          for text, probability in zip(texts, probabilities[:, 0]):
              print(f"{labels[int(probability > \(threshold))]:>10} {probability:.4f}  {text}")
          """
        : """
          for text, row in zip(texts, probabilities):
              print(f"{labels[row.argmax()]:>10} {row.max():.4f}  {text}")
          """)
      """
  }

  private var setUpInPython: String {
    var lines: [String] = []
    if hasNetwork {
      lines += [
        "ids = {word: id for id, word in enumerate(json.loads(metadata[\"vocabulary\"]))}",
        "length = json.loads(metadata[\"configuration\"])[\"maxLength\"]",
      ]
    }
    if wide != nil {
      lines.append(
        "places = {word: place for place, word in enumerate(json.loads(metadata[\"\(ONNXGraph.wordsKey)\"]))}")
    }
    if coding.tokens == .words { lines.append(#"quotes = str.maketrans("‘’‚‛“”„‟", "''''" + '""""')"#) }
    return lines.joined(separator: "\n")
  }

  /// The lines that turn a text into words.
  private var wordsInPython: String {
    let lower =
      coding.lowercasing == .ascii ? "re.sub(\"[A-Z]\", lambda letter: letter[0].lower(), text)" : "text.lower()"
    return switch coding.tokens {
    case .keras where coding.removesPunctuation:
      """
          text = \(lower)
          text = re.sub(r"[!-/:-@\\[-`{-~]", "", text)
          return [word for word in re.split(r"[ \\t-\\r]", text) if word]
      """
    case .keras:
      """
          text = \(lower)
          text = re.sub(r"[!-&(-/:-@\\[-`{-~\\t\\n]", " ", text)
          return [word for word in text.split(" ") if word]
      """
    case .words:
      """
          text = unicodedata.normalize("NFC", text.translate(quotes))
          text = \(lower)
          return [word for word in regex.split(r"(?w)\\b", text) if word.strip()]
      """
    case .characters:
      """
          text = unicodedata.normalize("NFC", text)
          text = \(lower)
          return [word for word in regex.findall(r"\\X", text) if word.strip()]
      """
    }
  }

  private var inputsInPython: [String] {
    var inputs: [String] = []
    if hasNetwork {
      let row =
        coding.skipsUnknownWords ? "[ids[word] for word in row if word in ids]" : "[ids.get(word, 2) for word in row]"
      inputs.append(
        "\"\(ONNXGraph.tokens)\": padded([(\(coding.hasStartToken ? "[1] + " : "")\(row))[\(coding.truncation == .pre ? "-length:" : ":length")] for row in words], 0, "
          + "length, \(coding.padding == .pre ? "True" : "False"))")
    }
    if wide != nil {
      inputs.append(
        "\"\(ONNXNGrams.words)\": padded([[0] + [places.get(word, -1) for word in row] for row in words], -1)")
    }
    if hasCharacters {
      inputs.append(
        "\"\(ONNXNGrams.characters)\": padded([[ord(c) for c in \" \" + \"\".join(w + \" \" for w in row if len(w) > 1)] "
          + "for row in words], -1)")
    }
    return inputs
  }
}
