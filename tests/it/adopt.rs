//! Databases that Hockeypuck wrote: everything in them is taken over while it is served, and nothing is changed.

mod command;
mod cost;
mod explain;
mod lookups;
mod migration;
mod online;
mod passes;
mod rows;
mod world;
