/// The classes of characters by which Unicode finds the boundaries of words (Unicode Standard Annex #29, Word_Break), some
/// of them divided further for the sake of ``UnicodeTokens``.
///
/// What follows from the standard library's properties is taken from there, by the annex's definitions; the tables are
/// from WordBreakProperty.txt, LineBreak.txt, Scripts.txt, emoji-data.txt and DerivedNormalizationProps.txt of Unicode
/// 15.0; what has to be normalized also covers three scripts of version 16.0.
enum WordBreak: UInt8 {
  case other, newline, space, extend, joiner, format, katakana, hebrewLetter, letter, midLetter, midNumLet, midNum
  case numeric, extendNumLet, regionalIndicator, singleQuote, doubleQuote
  /// White space for which the annex has no class: the tab, and two of the spaces at which no line breaks.
  case otherSpace
  /// U+202F, which the annex has among the characters that join others, as the underscore.
  case narrowSpace
  /// U+200B, which marks the ends of words in scripts without spaces.
  case zeroWidthSpace
  /// Marks that repeat a Chinese character. To the annex they are letters.
  case ideographicMark
  /// The vowels am of Thai and Lao: letters, and yet part of the character before them.
  case vowelAm

  /// Whether it is white space, or stands for it.
  var isSpace: Bool {
    switch self {
    case .newline, .space, .otherSpace, .narrowSpace, .zeroWidthSpace: true
    default: false
    }
  }
}

/// What has to be known about a character, in one byte.
struct CharacterFacts {
  private static let (classBits, changes, mark, unstable) = (UInt8(0x1F), UInt8(0x20), UInt8(0x40), UInt8(0x80))
  private let bits: UInt8

  /// How it takes part in the boundaries of words.
  var wordBreak: WordBreak { WordBreak(rawValue: bits & Self.classBits)! }
  /// Whether it has another form in lowercase.
  var changesInLowercase: Bool { bits & Self.changes != 0 }
  /// Whether it is a mark with a place in the canonical order of marks.
  var isOrdered: Bool { bits & Self.mark != 0 }
  /// Whether normalization may replace it, or join it to what is before it (NFC_Quick_Check is not Yes).
  var isUnstable: Bool { bits & Self.unstable != 0 }
  /// Whether it stands as it is in normalized text, and never joins what is before it.
  var isStableStarter: Bool { bits & (Self.mark | Self.unstable) == 0 }

  /// The facts about a character.
  @inline(__always)
  init(_ scalar: Unicode.Scalar) {
    if scalar.value < Self.table.count {
      self = Self.table[Int(scalar.value)]
    } else if Self.symbolRange ~= scalar.value {
      self = Self.symbols[Int(scalar.value - Self.symbolRange.lowerBound)]
    } else {
      self.init(slowly: scalar)
    }
  }

  private init(_ wordBreak: WordBreak) { bits = wordBreak.rawValue }

  /// Computes the facts about a character from its properties.
  private init(slowly scalar: Unicode.Scalar) {
    let category = scalar.properties.generalCategory
    var bits = Self.wordBreak(of: scalar, category).rawValue
    switch category {
    case .unassigned, .otherLetter, .lowercaseLetter, .modifierLetter, .decimalNumber: break
    case .nonspacingMark, .enclosingMark, .spacingMark:
      if scalar.properties.canonicalCombiningClass != .notReordered { bits |= Self.mark }
    default: if scalar.properties.changesWhenLowercased { bits |= Self.changes }
    }
    if Self.contains(Self.unstableCharacters, scalar) { bits |= Self.unstable }
    self.bits = bits
  }

  /// The facts about the characters of the Basic Multilingual Plane, as most texts have no others and to look properties
  /// up takes long. Some milliseconds are needed for the table, so what is Chinese or Korean or nothing is not looked up.
  private static let table: [CharacterFacts] = (0...0xFFFF as ClosedRange<UInt32>).map { value in
    switch value {
    case 0x3400...0x9FFF, 0xD800...0xF8FF: CharacterFacts(.other)
    case 0xAC00...0xD7A3: CharacterFacts(.letter)
    default: CharacterFacts(slowly: Unicode.Scalar(value)!)
    }
  }

  /// Where the emoji are, and the facts about them.
  private static let symbolRange: ClosedRange<UInt32> = 0x1F000...0x1FAFF
  private static let symbols = symbolRange.map { CharacterFacts(slowly: Unicode.Scalar($0)!) }

  // MARK: Classes

  private static func wordBreak(of scalar: Unicode.Scalar, _ category: Unicode.GeneralCategory) -> WordBreak {
    switch scalar.value {
    case 0xA, 0xB, 0xC, 0xD, 0x85, 0x2028, 0x2029: return .newline
    case 0x9, 0xA0, 0x2007: return .otherSpace
    case 0x202F: return .narrowSpace
    case 0x200B: return .zeroWidthSpace
    case 0x200D: return .joiner
    case 0x22: return .doubleQuote
    case 0x27: return .singleQuote
    case 0x3A, 0xB7, 0x387, 0x55F, 0x5F4, 0x2027, 0xFE13, 0xFE55, 0xFF1A: return .midLetter
    case 0x2E, 0x2018, 0x2019, 0x2024, 0xFE52, 0xFF07, 0xFF0E: return .midNumLet
    case 0x2C, 0x3B, 0x37E, 0x589, 0x60C, 0x60D, 0x66C, 0x7F8, 0x2044, 0xFE10, 0xFE14, 0xFE50, 0xFE54, 0xFF0C, 0xFF1B:
      return .midNum
    case 0x1F1E6...0x1F1FF: return .regionalIndicator
    case 0x1F3FB...0x1F3FF: return .extend
    case 0xE33, 0xEB3: return .vowelAm
    case 0x3005, 0x303B: return .ideographicMark
    // Script=Katakana, and some marks that are used with it.
    case 0x3031...0x3035, 0x309B...0x309C, 0x30A0...0x30FA, 0x30FC...0x30FF, 0x31F0...0x31FF, 0x32D0...0x32FE,
      0x3300...0x3357, 0xFF66...0xFF9D, 0x1AFF0...0x1AFFE, 0x1B000, 0x1B120...0x1B122, 0x1B155, 0x1B164...0x1B167:
      return .katakana
    default: break
    }
    let properties = scalar.properties
    switch category {
    case .unassigned: return .other
    case .nonspacingMark, .enclosingMark, .spacingMark: return .extend
    case .format: return properties.isGraphemeExtend ? .extend : .format
    case .spaceSeparator: return .space
    case .decimalNumber: return .numeric
    case .connectorPunctuation: return .extendNumLet
    default: break
    }
    if properties.isGraphemeExtend { return .extend }
    return switch scalar.value {
    // The decimal separator of Arabic.
    case 0x66B: .numeric
    case 0x5D0...0x5F2, 0xFB1D...0xFB4F: category == .otherLetter ? .hebrewLetter : .other
    // Script=Hiragana
    case 0x3041...0x309F, 0x1B001...0x1B11F, 0x1B132, 0x1B150...0x1B152, 0x1F200: .other
    // Characters that are not alphabetic and yet stand in words.
    case 0x2C2...0x2D7, 0x2DE, 0x2DF, 0x2E5...0x2FF, 0x55A...0x55C, 0x55E, 0x58A, 0x5F3, 0x70F, 0xA708...0xA721, 0xA789,
      0xA78A, 0xAB5B:
      .letter
    default:
      properties.isAlphabetic && !properties.isIdeographic && !contains(complexContext, scalar) ? .letter : .other
    }
  }

  /// Line_Break=Complex_Context: Thai, Lao, Myanmar, Khmer, Tai and Ahom, whose words are not separated.
  private static let complexContext: [ClosedRange<UInt32>] = [
    0xE01...0xE3A, 0xE40...0xE4E, 0xE81...0xEBD, 0xEC0...0xECE, 0xEDC...0xEDF, 0x1000...0x103F, 0x1050...0x108F,
    0x109A...0x109F, 0x1780...0x17DD, 0x1950...0x1974, 0x1980...0x19C9, 0x19DA...0x19DA, 0x19DE...0x19DF,
    0x1A20...0x1A7C, 0x1AA0...0x1AAD, 0xA9E0...0xA9EF, 0xA9FA...0xA9FE, 0xAA60...0xAADF, 0x11700...0x1172B,
    0x1173A...0x1173B, 0x1173F...0x11746,
  ]

  /// Whether the character is Extended_Pictographic, which most emoji are.
  static func isPictograph(_ scalar: Unicode.Scalar) -> Bool { contains(pictographs, scalar) }

  private static let pictographs: [ClosedRange<UInt32>] = [
    0xA9...0xA9, 0xAE...0xAE, 0x203C...0x203C, 0x2049...0x2049, 0x2122...0x2122, 0x2139...0x2139, 0x2194...0x2199,
    0x21A9...0x21AA, 0x231A...0x231B, 0x2328...0x2328, 0x2388...0x2388, 0x23CF...0x23CF, 0x23E9...0x23F3,
    0x23F8...0x23FA, 0x24C2...0x24C2, 0x25AA...0x25AB, 0x25B6...0x25B6, 0x25C0...0x25C0, 0x25FB...0x25FE,
    0x2600...0x2605, 0x2607...0x2612, 0x2614...0x2685, 0x2690...0x2705, 0x2708...0x2712, 0x2714...0x2714,
    0x2716...0x2716, 0x271D...0x271D, 0x2721...0x2721, 0x2728...0x2728, 0x2733...0x2734, 0x2744...0x2744,
    0x2747...0x2747, 0x274C...0x274C, 0x274E...0x274E, 0x2753...0x2755, 0x2757...0x2757, 0x2763...0x2767,
    0x2795...0x2797, 0x27A1...0x27A1, 0x27B0...0x27B0, 0x27BF...0x27BF, 0x2934...0x2935, 0x2B05...0x2B07,
    0x2B1B...0x2B1C, 0x2B50...0x2B50, 0x2B55...0x2B55, 0x3030...0x3030, 0x303D...0x303D, 0x3297...0x3297,
    0x3299...0x3299, 0x1F000...0x1F0FF, 0x1F10D...0x1F10F, 0x1F12F...0x1F12F, 0x1F16C...0x1F171, 0x1F17E...0x1F17F,
    0x1F18E...0x1F18E, 0x1F191...0x1F19A, 0x1F1AD...0x1F1E5, 0x1F201...0x1F20F, 0x1F21A...0x1F21A, 0x1F22F...0x1F22F,
    0x1F232...0x1F23A, 0x1F23C...0x1F23F, 0x1F249...0x1F3FA, 0x1F400...0x1F53D, 0x1F546...0x1F64F, 0x1F680...0x1F6FF,
    0x1F774...0x1F77F, 0x1F7D5...0x1F7FF, 0x1F80C...0x1F80F, 0x1F848...0x1F84F, 0x1F85A...0x1F85F, 0x1F888...0x1F88F,
    0x1F8AE...0x1F8FF, 0x1F90C...0x1F93A, 0x1F93C...0x1F945, 0x1F947...0x1FAFF, 0x1FC00...0x1FFFD,
  ]

  // MARK: Normalization

  /// The characters whose NFC_Quick_Check is not Yes, and some between them, for which it does no harm.
  private static let unstableCharacters: [ClosedRange<UInt32>] = [
    0x300...0x304, 0x306...0x30C, 0x30F...0x30F, 0x311...0x311, 0x313...0x314, 0x31B...0x31B, 0x323...0x328,
    0x32D...0x32E, 0x330...0x331, 0x338...0x338, 0x340...0x345, 0x374...0x374, 0x37E...0x37E, 0x387...0x387,
    0x653...0x655, 0x93C...0x93C, 0x958...0x95F, 0x9BE...0x9BE, 0x9D7...0x9D7, 0x9DC...0x9DF, 0xA33...0xA33,
    0xA36...0xA36, 0xA59...0xA5E, 0xB3E...0xB3E, 0xB56...0xB5D, 0xBBE...0xBBE, 0xBD7...0xBD7, 0xC56...0xC56,
    0xCC2...0xCC2, 0xCD5...0xCD6, 0xD3E...0xD3E, 0xD57...0xD57, 0xDCA...0xDDF, 0xF43...0xF43, 0xF4D...0xF4D,
    0xF52...0xF52, 0xF57...0xF57, 0xF5C...0xF5C, 0xF69...0xF69, 0xF73...0xF81, 0xF93...0xF93, 0xF9D...0xF9D,
    0xFA2...0xFA2, 0xFA7...0xFA7, 0xFAC...0xFAC, 0xFB9...0xFB9, 0x102E...0x102E, 0x1161...0x1175, 0x11A8...0x11C2,
    0x1B35...0x1B35, 0x1F71...0x1F7D, 0x1FBB...0x1FBE, 0x1FC9...0x1FCB, 0x1FD3...0x1FDB, 0x1FE3...0x1FFD,
    0x2000...0x2001, 0x2126...0x2126, 0x212A...0x212B, 0x2329...0x232A, 0x2ADC...0x2ADC, 0x3099...0x309A,
    0xF900...0xFAD9, 0xFB1D...0xFB4E, 0x110BA...0x110BA, 0x11127...0x11127, 0x1133E...0x1133E, 0x11357...0x11357,
    0x113B8...0x113C9, 0x114B0...0x114BD, 0x115AF...0x115AF, 0x11930...0x11930, 0x1611E...0x16129, 0x16D63...0x16D6A,
    0x1D15E...0x1D164, 0x1D1BB...0x1D1C0, 0x2F800...0x2FA1D,
  ]

  private static func contains(_ ranges: [ClosedRange<UInt32>], _ scalar: Unicode.Scalar) -> Bool {
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < scalar.value { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count && ranges[low].contains(scalar.value)
  }
}
