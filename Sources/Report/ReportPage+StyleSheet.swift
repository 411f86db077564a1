extension ReportPage {
  /// The page's style sheet. The colors are Okabe and Ito's, which can be told apart with any kind of color vision.
  static let styleSheet = """
    :root {
      color-scheme: light;
      --paper: #fff; --ink: #1b1d20; --muted: #62676d; --rule: #e4e5e3; --strong-rule: #9a9ea3;
      --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #cc79a7; --c4: #e69f00; --c5: #56b4e9;
    }
    @media screen and (prefers-color-scheme: dark) {
      :root {
        color-scheme: dark;
        --paper: #15171a; --ink: #e8e8e5; --muted: #9da2a8; --rule: #2b2e32; --strong-rule: #6b7076;
        --c0: #56b4e9; --c1: #e8803a; --c2: #2fbf95; --c3: #d894ba; --c4: #e6b03c; --c5: #f0e442;
      }
    }
    * { box-sizing: border-box; }
    body {
      margin: 0; background: var(--paper); color: var(--ink);
      font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
      font-variant-numeric: tabular-nums; -webkit-text-size-adjust: 100%;
    }
    main { max-width: 1032px; margin: 0 auto; padding: 48px 16px 72px; }
    header { margin-bottom: 40px; }
    .eyebrow { margin: 0 0 6px; color: var(--muted); overflow-wrap: anywhere; }
    h1 { margin: 0; font-size: 30px; line-height: 1.2; font-weight: 650; letter-spacing: -0.015em; text-wrap: balance; }
    h2 { margin: 0 0 14px; font-size: 19px; line-height: 1.3; font-weight: 650; letter-spacing: -0.01em; }
    h3 { margin: 40px 0 6px; font-size: 16px; font-weight: 650; }
    p { margin: 0 0 12px; max-width: 68ch; }
    section { margin-bottom: 44px; min-width: 0; }
    .tables { display: grid; gap: 0 40px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); }
    .tables.stacked { grid-template-columns: 1fr; }
    .scroll { overflow-x: auto; }
    table { border-collapse: collapse; }
    table.runs { width: 100%; }
    .runs th, .runs td { padding: 5px 0 5px 20px; border-top: 1px solid var(--rule); text-align: right; vertical-align: top; }
    .runs th:first-child, .runs td:first-child { padding-left: 0; text-align: left; }
    .runs td { overflow-wrap: break-word; }
    .runs thead th, .runs thead td { border-top: 0; font-weight: 600; white-space: nowrap; }
    .runs th[scope=row] { font-weight: 400; color: var(--muted); white-space: nowrap; }
    .runs tr.differs td { font-weight: 600; }
    .legend { display: flex; flex-wrap: wrap; gap: 4px 22px; margin-bottom: 18px; color: var(--muted); max-width: none; }
    .swatch { width: 20px; height: 8px; margin-right: 8px; vertical-align: 1px; }
    .charts { display: grid; gap: 0 32px; margin-bottom: -20px; }
    .charts.wide { grid-template-columns: repeat(auto-fill, minmax(min(100%, 400px), 1fr)); }
    .charts.square { grid-template-columns: repeat(auto-fill, minmax(min(100%, 290px), 1fr)); }
    /* Captions and charts of a row share their lines, whatever the captions' length. */
    figure { margin: 0 0 32px; display: grid; grid-template-rows: subgrid; grid-row: span 2; gap: 0; min-width: 0; }
    figcaption { margin-bottom: 14px; font-size: 13px; line-height: 1.4; color: var(--muted); }
    figcaption strong { display: block; font-size: 14px; font-weight: 600; color: var(--ink); text-wrap: balance; }
    figure svg { display: block; width: 100%; height: auto; overflow: visible; }
    svg text { font-size: 11px; fill: var(--muted); }
    svg.wide text { font-size: 10px; }
    svg .label { fill: var(--ink); }
    .grid { stroke: var(--rule); fill: none; }
    .axis { stroke: var(--strong-rule); fill: none; }
    .diagonal { stroke: var(--strong-rule); stroke-dasharray: 2 3; fill: none; }
    .line { stroke: currentColor; stroke-width: 1.75; stroke-linejoin: round; stroke-linecap: round; fill: none; }
    .wide .line:only-child { stroke-width: 1.25; }
    .dashed { stroke-dasharray: 1 4; }
    circle { fill: currentColor; }
    .c0 { color: var(--c0); } .c1 { color: var(--c1); } .c2 { color: var(--c2); }
    .c3 { color: var(--c3); } .c4 { color: var(--c4); } .c5 { color: var(--c5); }
    .confusion { width: 100%; table-layout: fixed; border-collapse: separate; border-spacing: 3px; align-self: start; }
    .confusion th { padding: 2px; font-size: 12px; font-weight: 400; color: var(--muted); text-align: center; }
    .confusion th[scope=row], .confusion thead td { width: 26%; text-align: left; }
    .confusion td[style] {
      height: 118px; text-align: center; border-radius: 3px;
      background: color-mix(in srgb, currentColor calc(6% + var(--share) * 0.4), transparent);
    }
    .confusion b, .confusion span { display: block; color: var(--ink); }
    .confusion b { font-size: 21px; line-height: 1.3; font-weight: 600; }
    .confusion span { font-size: 12px; }
    .confusion.many { table-layout: auto; }
    .confusion.many td[style] { height: auto; min-width: 56px; }
    .confusion.many b { font-size: 14px; }
    .texts { margin: 20px 0 0; padding: 0; list-style: none; columns: 2 400px; column-gap: 40px; }
    .texts li { break-inside: avoid; padding: 12px 0 14px; border-top: 1px solid var(--rule); }
    .verdict { margin-bottom: 4px; font-size: 13px; color: var(--muted); }
    .verdict b { display: block; font-size: 14px; font-weight: 600; color: var(--ink); }
    .words { margin: 0; font: 15px/1.5 Charter, "Bitstream Charter", Georgia, "Times New Roman", serif; overflow-wrap: anywhere; }
    .unknown { color: var(--muted); font-size: 0.86em; }
    @media (max-width: 480px) {
      main { padding-top: 28px; }
      h1 { font-size: 25px; }
      svg.wide text { font-size: 13px; }
      .runs th, .runs td { padding-left: 14px; }
      .runs th[scope=row] { white-space: normal; }
      /* The names stay while the values are moved sideways. */
      .runs th:first-child, .runs td:first-child {
        position: sticky; left: 0; max-width: 34vw; padding-right: 8px; background: var(--paper);
      }
      .runs thead th { min-width: 92px; white-space: normal; overflow-wrap: anywhere; }
      .runs td { max-width: 160px; }
    }
    @media print {
      @page { margin: 16mm 14mm; }
      body { font-size: 9.5pt; }
      main { max-width: none; padding: 0; }
      h1 { font-size: 18pt; }
      h2, h3, h3 + p, .legend { break-after: avoid; }
      section { margin-bottom: 22pt; }
      .tables:not(.stacked) { grid-template-columns: 1fr 1fr; gap: 0 24pt; }
      .charts.wide { grid-template-columns: 1fr 1fr; }
      .charts.square { grid-template-columns: 1fr 1fr 1fr; gap: 0 16pt; }
      .confusion td[style] { height: 60pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
      figure, table.runs tr { break-inside: avoid; }
      /* With columns, a text could be split across pages. */
      .texts { columns: auto; }
      .texts li { padding: 6pt 0 7pt; }
      .words { font-size: 9.5pt; }
    }
    """
}
