//! What is the same for every gateway.

pub(crate) mod http;
pub(crate) mod ours;
pub(crate) mod said;
pub(crate) mod strict;
pub(crate) mod wallets;

pub(crate) use crate::paydibs::{Answered, Gateway};
pub(crate) use wallets::Doubt;
