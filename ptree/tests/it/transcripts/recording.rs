//! A recorded session as values.

use ptree::wire::PeerConfig;
use ptree::wire::hello::Pairs;
use serde_json::Value;

use crate::support::{Set, elements, octets, vectors};

/// One recorded session.
pub struct Recording {
    pub name: String,
    pub initiator: Party,
    pub acceptor: Party,
    messages: Vec<Value>,
}

/// One of its sides.
pub struct Party {
    /// Its set; of a script `None`.
    pub set: Option<Set>,
    /// What it learned, if that was recorded.
    pub learned: Option<Set>,
}

/// The names of all recordings, sorted.
pub fn names() -> Vec<String> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");
    let files = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let name = |file: String| Some(file.strip_prefix("transcript_")?.strip_suffix(".json")?.to_owned());
    let mut names: Vec<String> = files.filter_map(name).collect();
    names.sort();
    names
}

impl Recording {
    pub fn read(name: &str) -> Self {
        let file = vectors(&format!("transcript_{name}.json"));
        let party = |side: &str| Party::read(&file[side]);
        let messages = file["messages"].as_array().unwrap().clone();
        Self { name: name.to_owned(), initiator: party("initiator"), acceptor: party("acceptor"), messages }
    }

    /// Everything that one side wrote, in order.
    pub fn written(&self, direction: &'static str) -> Vec<u8> {
        self.from(direction).flat_map(|message| octets(message["hex"].as_str().unwrap())).collect()
    }

    /// What one side wrote before its first message of the session.
    pub fn handshake(&self, direction: &'static str) -> Vec<u8> {
        let first =
            self.from(direction).filter(|message| message.get("raw_string").is_some() || message["msg"] == "Config");
        first.flat_map(|message| octets(message["hex"].as_str().unwrap())).collect()
    }

    /// Each request with its recorded reply, if there was one.
    pub fn requests(&self) -> Vec<(&Value, Option<&Value>)> {
        let mut replies = self.from("i>a").filter(|message| {
            matches!(message["msg"].as_str(), Some("Elements" | "FullElements" | "SyncFail" | "Error"))
        });
        let requests = self.from("a>i").filter(|message| message.get("prefix").is_some());
        requests.map(|request| (request, replies.next())).collect()
    }

    /// What one side said of itself; `None` where it said nothing.
    pub fn config(&self, direction: &'static str) -> Option<PeerConfig> {
        let message = self.from(direction).find(|message| message["msg"] == "Config")?;
        Some(Pairs::decode(&octets(message["hex"].as_str().unwrap())[5..]).unwrap().config().unwrap())
    }

    fn from(&self, direction: &'static str) -> impl Iterator<Item = &Value> {
        self.messages.iter().filter(move |message| message["dir"] == direction)
    }
}

impl Party {
    fn read(side: &Value) -> Self {
        let set = match (side.get("set_md5"), side.get("set_ref")) {
            (Some(set), _) if set.is_array() => Some(elements(set)),
            (_, Some(name)) => Some(elements(&vectors("sets.json")[name.as_str().unwrap()])),
            _ if side["impl"].as_str().unwrap().starts_with("scripted") => None,
            _ => Some(Set::new()),
        };
        let listed = [&side["recovered"]["recovered"], &side["recovered_md5"]].into_iter().find(|list| list.is_array());
        Self { set, learned: listed.map(elements) }
    }
}
