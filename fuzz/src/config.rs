//! What operators write.

use std::collections::BTreeMap;

use hockeypuck::config::template::render;

/// A template ends, within its limits, and its lines and columns are those of the source. The source comes first; what
/// stands behind each zero octet is the value of a variable: `A`, `B` and so on.
pub fn template(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut parts = text.split('\0');
    let source = parts.next().unwrap_or_default();
    let names = ('A'..='Z').map(String::from);
    let environment: BTreeMap<String, String> = names.zip(parts.map(str::to_owned)).collect();
    let lines = source.matches('\n').count() + 1;
    match render(source, &environment) {
        Ok(rendered) => {
            assert!(rendered.text.len() <= 16 << 20);
            if !source.contains("{{") {
                assert_eq!(rendered.text, source, "text stays as it is");
            }
            let mut offsets = rendered.text.char_indices().step_by(rendered.text.len() / 100 + 1);
            assert!(offsets.all(|(offset, _)| (1..=lines).contains(&rendered.line_of(offset))));
            assert!(rendered.unset.iter().all(|unset| (1..=lines).contains(&unset.line)));
        }
        Err(error) => {
            let line = source.split('\n').nth(error.line - 1).expect("the line is there");
            assert!((1..=line.chars().count() + 1).contains(&error.column), "the column is there");
        }
    }
}
