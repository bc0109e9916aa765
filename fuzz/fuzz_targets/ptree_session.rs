#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::ptree_session(data));
