//! The built program on its command line, and servers in this process.

mod bad_input;
mod block;
mod check_config;
mod hkps;
mod inspect;
mod keyrings;
mod lifecycle;
mod load;
mod lookup;
mod names;
mod peers;
mod program;
mod ptree;
mod reader;
mod reload;
mod serve;
mod serving;
mod tasks;
