#if Serve
  import Files
  import Foundation

  /// A request's JSON.
  enum JSONBody {
    /// Decodes a request.
    ///
    /// - Throws: `RequestError`: `malformed` if it isn't JSON in UTF-8, `unprocessable` if it isn't what is expected.
    static func decode<T: Decodable>(_ type: T.Type, from bytes: Data) throws(RequestError) -> T {
      guard String(validating: bytes, as: UTF8.self) != nil else {
        throw RequestError(.malformed, "the body is not UTF-8")
      }
      do { return try JSONSyntax.decode(type, from: bytes) } catch let error as RequestError {
        throw error
      } catch let error as JSONSyntax.Problem {
        throw RequestError(.malformed, "the body is not JSON: byte \(error.offset): \(error.text)")
      } catch let error as DecodingError {
        throw described(error)
      } catch {
        throw RequestError(.malformed, "the body is not JSON")
      }
    }

    private static func described(_ error: DecodingError) -> RequestError {
      switch error {
      case .dataCorrupted(let context):
        let reason = (context.underlyingError as NSError?)?.userInfo[NSDebugDescriptionErrorKey] as? String
        return RequestError(.malformed, "the body is not JSON" + (reason.map { ": \($0)" } ?? ""))
      case .keyNotFound(let key, let context):
        return RequestError(.unprocessable, "“\(place(context.codingPath + [key]))” is missing")
      case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
        let path = place(context.codingPath)
        return RequestError(.unprocessable, "\(path.isEmpty ? "the body" : "“\(path)”") must be \(name(of: type))")
      @unknown default: return RequestError(.malformed, "the body is not what is expected")
      }
    }

    /// `inputs[0].shape`.
    static func place(_ path: [any CodingKey]) -> String {
      path.reduce("") { text, key in
        if let index = key.intValue { text + "[\(index)]" } else { text + (text.isEmpty ? "" : ".") + key.stringValue }
      }
    }

    private static func name(of type: any Any.Type) -> String {
      switch type {
      case is String.Type: "a string"
      case is Bool.Type: "true or false"
      case is Int.Type: "a whole number"
      // What else is asked for is JSON's object, and that is what Foundation calls it: [String: Any].
      default: "\(type)".hasPrefix("Array") ? "an array" : "an object"
      }
    }
  }
#endif
