//! Gannet's formats crate.
