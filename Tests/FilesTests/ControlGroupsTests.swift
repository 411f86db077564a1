import Files
import Testing

@Suite struct ControlGroupsTests {
  private func groups(_ text: String, _ files: [String: String]) -> ControlGroups {
    ControlGroups(groups: text) { files[$0] }
  }

  @Test func thereAreNoLimitsWithoutGroups() {
    #expect(groups("", [:]).coreLimit == nil)
    #expect(groups("", [:]).memoryLimit == nil)
    #expect(groups("0::/a\n", [:]).coreLimit == nil)
  }

  @Test func version2HasThemInOneFolder() {
    let files = ["a/b/cpu.max": "150000 100000\n", "a/b/memory.max": "314572800\n"]
    #expect(groups("0::/a/b\n", files).coreLimit == 2)
    #expect(groups("0::/a/b\n", files).memoryLimit == 314_572_800)
  }

  @Test func maxIsNoLimit() {
    let files = ["a/cpu.max": "max 100000\n", "a/memory.max": "max\n"]
    #expect(groups("0::/a\n", files).coreLimit == nil)
    #expect(groups("0::/a\n", files).memoryLimit == nil)
  }

  @Test func version1HasAFolderForEachController() {
    let files = [
      "cpu,cpuacct/docker/x/cpu.cfs_quota_us": "50000\n", "cpu,cpuacct/docker/x/cpu.cfs_period_us": "100000\n",
      "memory/docker/x/memory.limit_in_bytes": "209715200\n",
    ]
    let text = "4:memory:/docker/x\n3:cpu,cpuacct:/docker/x\n2:pids:/\n"
    #expect(groups(text, files).coreLimit == 1)
    #expect(groups(text, files).memoryLimit == 209_715_200)
  }

  @Test func minusOneIsNoLimit() {
    let files = ["cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"]
    #expect(groups("3:cpu:/\n", files).coreLimit == nil)
  }

  @Test func theTightestOfAllGroupsAboveCounts() {
    let files = [
      "cpu.max": "800000 100000", "a/cpu.max": "200000 100000", "a/b/cpu.max": "400000 100000",
      "a/memory.max": "1000", "a/b/memory.max": "2000",
    ]
    #expect(groups("0::/a/b\n", files).coreLimit == 2)
    #expect(groups("0::/a/b\n", files).memoryLimit == 1000)
  }

  @Test func inAContainerTheGroupsOwnFilesAreAtTheTop() {
    #expect(groups("0::/host/docker/x\n", ["memory.max": "1000"]).memoryLimit == 1000)
  }

  @Test(arguments: [(999, "1 MB"), (314_572_800, "315 MB"), (9_999_000_001, "10000 MB"), (12_000_000_001, "13 GB")])
  func bytesAreNamedInWholeUnits(bytes: Double, text: String) {
    #expect(described(bytes: bytes) == text)
  }
}
