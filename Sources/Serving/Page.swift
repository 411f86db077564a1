#if Serve
  import Foundation

  /// The page at `/`.
  enum Page {
    /// Its style and script carry a word that only this answer's policy names, so nothing else runs on it.
    static var answer: Answer {
      var generator = SystemRandomNumberGenerator()
      let nonce = String(UInt128.random(in: .min ... .max, using: &generator), radix: 36)
      var answer = Answer(Array(template.joined(separator: nonce).utf8), type: "text/html; charset=utf-8")
      answer.fields[.contentSecurityPolicy] =
        "default-src 'none'; script-src 'nonce-\(nonce)'; style-src 'nonce-\(nonce)'; connect-src 'self'; img-src data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
      answer.fields[.cacheControl] = "no-store"
      answer.fields[.init("Referrer-Policy")!] = "no-referrer"
      return answer
    }

    /// The page around its nonces.
    private static let template = String(decoding: PackageResources.page_html, as: UTF8.self).split(
      separator: "NONCE", omittingEmptySubsequences: false)
  }
#endif
