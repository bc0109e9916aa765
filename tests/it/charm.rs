//! The charm `hockeypuck-k8s` with the tree of the rock: its variables, its commands, its user, a real PostgreSQL.

mod actions;
mod administrator;
mod changes;
mod database;
mod load;
mod pod;
mod start;
