//! Whether traces are sent, where, and which: settings of OpenTelemetry, which have variables of their own.

use super::reader::{Key, Reader};
use super::{Origin, Severity};
use crate::telemetry::traces::Sampler;

/// `[hockeypuck.tracing]`
#[derive(Clone, Debug, PartialEq)]
pub struct Tracing {
    /// The URL of the receiver; `None`: no traces.
    pub endpoint: Option<String>,
    pub service_name: String,
    pub sampler: Sampler,
}

/// A wrong one may have a password.
const ENDPOINT: Key = Key::new("tracing.endpoint").secret();
const SERVICE_NAME: Key = Key::new("tracing.serviceName");
const SAMPLER: Key = Key::new("tracing.sampler");
const SAMPLER_ARG: Key = Key::new("tracing.samplerArg");

const NONE: &str = "none";
/// What the general endpoint lacks of the whole URL.
const TRACES_PATH: &str = "/v1/traces";
const PROTOCOL: &str = "http/protobuf";

impl Tracing {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        imply(reader);
        let endpoint = reader.text(ENDPOINT, NONE, check_endpoint);
        let service_name = reader.text(SERVICE_NAME, "hockeypuck", |_| Ok(()));
        let sampler = reader.text(SAMPLER, "parentbased_always_on", check_sampler);
        let part = reader.text(SAMPLER_ARG, "1", |text| ratio(text).map(drop));
        Self {
            endpoint: (endpoint != NONE).then_some(endpoint),
            service_name,
            // Both have been checked.
            sampler: Kind::of(&sampler).map_or(Sampler::All, |kind| kind.with(ratio(&part).unwrap_or(1.0))),
        }
    }
}

/// The standard variables. The more special one counts.
fn imply(reader: &mut Reader<'_>) {
    let variable = |reader: &Reader<'_>, name: &str| {
        let found = reader.variables().find(|(known, _)| *known == name);
        found.map(|(name, text)| (text.trim().to_owned(), Origin::Environment(name.to_owned())))
    };
    let whole = variable(reader, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    let base = variable(reader, "OTEL_EXPORTER_OTLP_ENDPOINT");
    let base = base.map(|(base, origin)| (format!("{}{TRACES_PATH}", base.trim_end_matches('/')), origin));
    let disabled = variable(reader, "OTEL_SDK_DISABLED").filter(|(text, _)| text.eq_ignore_ascii_case("true"));
    let unwanted = variable(reader, "OTEL_TRACES_EXPORTER").filter(|(text, _)| text.eq_ignore_ascii_case(NONE));
    let off = disabled.or(unwanted).map(|(_, origin)| (NONE.to_owned(), origin));
    for (key, found) in [
        (ENDPOINT, off.or(whole).or(base)),
        (SERVICE_NAME, variable(reader, "OTEL_SERVICE_NAME")),
        (SAMPLER, variable(reader, "OTEL_TRACES_SAMPLER")),
        (SAMPLER_ARG, variable(reader, "OTEL_TRACES_SAMPLER_ARG")),
    ] {
        if let Some((text, origin)) = found {
            reader.imply(&key, text, origin);
        }
    }
    let protocol = variable(reader, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL");
    if let Some((text, origin)) = protocol.or_else(|| variable(reader, "OTEL_EXPORTER_OTLP_PROTOCOL"))
        && text != PROTOCOL
    {
        let words = format!("traces are sent as {PROTOCOL}; \"{text}\" is not spoken");
        reader.complain(Severity::Warning, &origin, &words);
    }
}

fn check_endpoint(text: &str) -> Result<(), String> {
    let is_url = |url: http::Uri| {
        let has_password = url.authority().is_some_and(|authority| authority.as_str().contains('@'));
        matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some() && !has_password
    };
    if text == NONE || text.parse().is_ok_and(is_url) {
        return Ok(());
    }
    Err("an address such as \"http://collector.example.org:4318/v1/traces\" without a password, or \"none\"".to_owned())
}

/// The names that all programs with OpenTelemetry know. Every trace begins here, so that there is no
/// difference between those that ask a parent and those that do not.
#[derive(Clone, Copy)]
enum Kind {
    On,
    Off,
    Ratio,
}

impl Kind {
    fn of(name: &str) -> Option<Self> {
        match name.strip_prefix("parentbased_").unwrap_or(name) {
            "always_on" => Some(Self::On),
            "always_off" => Some(Self::Off),
            "traceidratio" => Some(Self::Ratio),
            _ => None,
        }
    }

    fn with(self, ratio: f64) -> Sampler {
        match self {
            Self::On => Sampler::All,
            Self::Off => Sampler::None,
            Self::Ratio => Sampler::Ratio(ratio),
        }
    }
}

fn check_sampler(name: &str) -> Result<(), String> {
    let names = "always_on, always_off, traceidratio or one of these after parentbased_";
    Kind::of(name).map(drop).ok_or_else(|| names.to_owned())
}

fn ratio(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| "a number from 0 to 1 in quotes".to_owned())
}
