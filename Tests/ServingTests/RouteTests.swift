#if Serve
  import Serving
  import Testing

  @Suite("Paths")
  struct RouteTests {
    @Test(
      "Each path leads to its route",
      arguments: [
        ("/", .page), ("/openapi.yaml", .description), ("/metrics", .metrics), ("/predict", .predict),
        ("/v2", .server), ("/v2/health/live", .live), ("/v2/health/ready", .ready),
        ("/v2/models/a.b-c_1", .modelMetadata("a.b-c_1")), ("/v2/models/a/ready", .modelReady("a")),
        ("/v2/models/a/infer", .infer("a")), ("/v2/models/a/versions/1", .modelMetadata("a")),
        ("/v2/models/a/versions/1/ready", .modelReady("a")), ("/v2/models/a/versions/1/infer", .infer("a")),
        ("/v1/models/a", .modelStatus("a")), ("/v1/models/a:predict", .tensorFlowPredict("a")),
        ("/v1/models/a/versions/1", .modelStatus("a")), ("/v1/models/a/versions/1:predict", .tensorFlowPredict("a")),
      ] as [(String, Route)])
    func found(path: String, route: Route) {
      #expect(Route(path) == route)
    }

    @Test(
      "Others lead nowhere",
      arguments: [
        "", "//", "/x", "/predict/", "/v2/", "/v2/models", "/v2/health", "/v2/models/a/versions/2/infer",
        "/v2/models/a/b", "/v1/models/a/predict", "/v1/models/a/versions/2", "/v3/models/a", "/v1/models/a/b:predict",
      ])
    func unknown(path: String) {
      #expect(Route(path) == nil)
    }
  }
#endif
