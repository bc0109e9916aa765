//! Traces: settings of ours, and the variables that all programs with OpenTelemetry know.

use hockeypuck::telemetry::traces::Sampler;

use super::Settings;

/// Nothing is sent anywhere unless somebody says where to.
#[test]
fn no_traces_by_default() {
    assert_eq!(Settings::none().good().tracing.endpoint, None);
    let service = Settings::none().variable("OTEL_SERVICE_NAME", "keys").good();
    assert_eq!(service.tracing.endpoint, None);
}

/// The standard variables have their meaning, and the report names them.
#[test]
fn standard_variables() {
    let settings = Settings::none()
        .variable("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/")
        .variable("OTEL_SERVICE_NAME", "keys")
        .variable("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
        .variable("OTEL_TRACES_SAMPLER_ARG", "0.25");
    insta::assert_snapshot!(settings.shown("tracing"), @r#"
    tracing.endpoint = "http://collector:4318/v1/traces" # OTEL_EXPORTER_OTLP_ENDPOINT
    tracing.serviceName = "keys" # OTEL_SERVICE_NAME
    tracing.sampler = "parentbased_traceidratio" # OTEL_TRACES_SAMPLER
    tracing.samplerArg = "0.25" # OTEL_TRACES_SAMPLER_ARG
    "#);
    assert_eq!(settings.good().tracing.sampler, Sampler::Ratio(0.25));
    let special = settings.variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://traces.example.org/in");
    assert_eq!(special.good().tracing.endpoint.as_deref(), Some("https://traces.example.org/in"));
}

/// Either switch of the standard turns all off, also what the file says.
#[test]
fn traces_can_be_switched_off() {
    let file = "[hockeypuck.tracing]\nendpoint = \"http://collector:4318/v1/traces\"\nsampler = \"always_off\"\n";
    let on = Settings::file(file).good().tracing;
    assert_eq!((on.endpoint.as_deref(), on.sampler), (Some("http://collector:4318/v1/traces"), Sampler::None));
    for (name, value) in [("OTEL_SDK_DISABLED", "TRUE"), ("OTEL_TRACES_EXPORTER", "none")] {
        assert_eq!(Settings::file(file).variable(name, value).good().tracing.endpoint, None);
    }
    let not_off = Settings::file(file).variable("OTEL_SDK_DISABLED", "false").good();
    assert!(not_off.tracing.endpoint.is_some());
}

/// What cannot be done is told by the name of its variable.
#[test]
fn wrong_variables() {
    let settings = Settings::none()
        .variable("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317")
        .variable("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
        .variable("OTEL_TRACES_SAMPLER", "jaeger_remote")
        .variable("OTEL_TRACES_SAMPLER_ARG", "2");
    insta::assert_snapshot!(settings.problems(), @r#"
    warning: OTEL_EXPORTER_OTLP_PROTOCOL: traces are sent as http/protobuf; "grpc" is not spoken
    error: OTEL_EXPORTER_OTLP_ENDPOINT: tracing.endpoint: expected an address such as "http://collector.example.org:4318/v1/traces" without a password, or "none"
    error: OTEL_TRACES_SAMPLER: tracing.sampler = "jaeger_remote": expected always_on, always_off, traceidratio or one of these after parentbased_
    error: OTEL_TRACES_SAMPLER_ARG: tracing.samplerArg = "2": expected a number from 0 to 1 in quotes
    "#);
    let password = Settings::none().variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://a:b@collector/v1/traces");
    let problems = password.load().usable().unwrap_err().problems;
    assert_eq!(problems.len(), 1);
    assert!(!problems[0].text.contains("a:b"), "{problems:?}");
}
