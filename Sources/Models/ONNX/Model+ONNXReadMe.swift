import Corpus
import Foundation
import RecurrentNetwork

extension Model {
  /// Markdown for the recipient of an ONNX file of this model, with a runnable example in Python.
  ///
  /// - Parameter name: the name of the file.
  package func readMe(forONNX name: String) -> String {
    let length = configuration.maxLength
    return """
      # \(name)

      \(classifierInWords) of texts, \(parameters.architecture), written by swift-lstm. ONNX opset \(ONNXGraph.opset), \
      IR \(ONNXGraph.irVersion); checked with ONNX Runtime 1.32.0.

      | | name | type | shape |
      |---|---|---|---|
      | input | `\(ONNXGraph.tokens)` | int64 | [batch, time], both of any size |
      | output | `\(ONNXGraph.probability)` | float32 | \(outputInWords) |

      **Token ids** range from 0 to \(configuration.vocabularySize - 1):

      | id | meaning |
      |---|---|
      | 0 | padding |
      | 1 | the start of a text, always its first token |
      | 2 | a word that is not in the vocabulary |
      | 3 | not used |
      | 4 and up | the words of the vocabulary, most frequent first: the word of rank r has id r + 3 |

      **To turn a text into ids**, proceed as follows: \(codingInWords) Replace each word between spaces by its id, and \
      insert 1 in front.

      **Padding**: of a text with more than \(length) ids, keep the last \(length). Pad a shorter one with 0 in front, to \
      \(length) ids. \(
        configuration.masksPadding
          ? "Padding is masked: it only serves to make all texts of a batch equally long."
          : "The model was trained this way, and padding is not masked: other lengths work, but change the probabilities.")

      The model's metadata are texts, each of them JSON: `vocabulary` (the word of each id\(
        vocabulary == nil ? "; not in this file" : "")), `configuration` (`maxLength` and all other training settings), \
      `labels` and `coding`.

      ```python
      \(example(name))
      ```

      """
  }

  private var outputInWords: String {
    labels.count == 2
      ? "[batch, 1]: the probability of “\(labels[1])”; else “\(labels[0])”"
      : "[batch, \(labels.count)]: the probability of each label, in the order of `labels` in the metadata"
  }

  private var codingInWords: String {
    (coding.stripsHTML ? "replace tags such as `<br />` by a space; " : "")
      + (coding.lowercasing == .ascii ? "convert A to Z to lower case; " : "convert it to lower case; ")
      + "replace each of `` !\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~ ``, tab and newline by a space."
  }

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
    return """
      import json
      import re

      import numpy as np
      import onnxruntime

      session = onnxruntime.InferenceSession(\(file))
      metadata = session.get_modelmeta().custom_metadata_map
      ids = {word: id for id, word in enumerate(json.loads(metadata["vocabulary"]))}
      length = json.loads(metadata["configuration"])["maxLength"]
      labels = json.loads(metadata["labels"])


      def encode(text):
      \(coding.stripsHTML ? "    text = re.sub(r\"<[A-Za-z/!?][^<>]*>\", \" \", text)\n" : "")\
          text = \(
            coding.lowercasing == .ascii
              ? "re.sub(\"[A-Z]\", lambda letter: letter[0].lower(), text)" : "text.lower()")
          text = re.sub(r"[!-&(-/:-@\\[-`{-~\\t\\n]", " ", text)
          tokens = [1] + [ids.get(word, 2) for word in text.split(" ") if word]
          return [0] * (length - len(tokens)) + tokens[-length:]


      texts = ["A wonderful film: I loved every minute of it.", "Dull, and far too long. A waste of time!"]
      tokens = np.array([encode(text) for text in texts], np.int64)
      (probabilities,) = session.run(None, {"\(ONNXGraph.tokens)": tokens})
      \(labels.count == 2
        ? """
          for text, probability in zip(texts, probabilities[:, 0]):
              print(f"{labels[int(probability > 0.5)]:>10} {probability:.4f}  {text}")
          """
        : """
          for text, row in zip(texts, probabilities):
              print(f"{labels[row.argmax()]:>10} {row.max():.4f}  {text}")
          """)
      """
  }
}
