//! A call as it came: its path, its query, its body, and who makes it.

use kaunter_core::authority::{Authority, Reach};
use kaunter_core::desk;
use kaunter_core::terminal::is_device;
use kaunter_core::trade::{Event, Facts};
use kaunter_core::wire::{ProblemCode, Right};
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// The rights of every terminal here.
pub(crate) const RIGHTS: [Right; 6] = [
    Right::Charge,
    Right::Cancel,
    Right::Void,
    Right::Review,
    Right::List,
    Right::GiveUp,
];

/// A call.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Its HTTP method.
    pub method: &'a str,
    /// Its path and its query.
    pub path: &'a str,
    /// Its credential: `sandbox|TERMINAL|CASHIER`, or `sandbox` alone, which is the shop's server.
    pub token: Option<&'a str>,
    /// The device's identity: the header `Kaunter-Device`.
    pub device: Option<&'a str>,
    /// Its body.
    pub body: Option<&'a str>,
}

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller<'a> {
    /// A till.
    Terminal(Terminal<'a>),
    /// The shop's server.
    Server,
}

/// A till, by its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terminal<'a> {
    pub(crate) name: &'a str,
    pub(crate) cashier: &'a str,
}

impl<'a> Terminal<'a> {
    /// The token as core's rules see it.
    pub(crate) fn authority(self) -> Authority<'a> {
        Authority {
            terminal: self.name,
            rights: &RIGHTS,
            sale: None,
            max_amount: None,
        }
    }
}

impl<'a> Caller<'a> {
    /// The caller with this credential.
    fn of(token: Option<&'a str>) -> Result<Self, Problem> {
        let mut parts = token.ok_or(ProblemCode::TokenMissing)?.trim().split('|');
        let is_own = parts.next() == Some("sandbox");
        match (is_own, parts.next(), parts.next()) {
            (true, None, _) => Ok(Self::Server),
            (true, Some(name), Some(cashier))
                if desk::check_name(name, "terminal").is_ok()
                    && desk::check_name(cashier, "cashier").is_ok() =>
            {
                Ok(Self::Terminal(Terminal { name, cashier }))
            }
            (_, _, _) => Err(ProblemCode::TokenInvalid.into()),
        }
    }

    /// The token as core's rules see it; `None` for the shop's server, which may read everything.
    pub(crate) fn authority(self) -> Option<Authority<'a>> {
        match self {
            Self::Terminal(terminal) => Some(terminal.authority()),
            Self::Server => None,
        }
    }

    /// The event of a read, and the part of the trade that the caller may read.
    pub(crate) fn read(self, facts: &Facts) -> Result<(Event, Reach), Problem> {
        Ok(desk::read(self.authority().as_ref(), facts)?)
    }
}

impl<'a> Request<'a> {
    /// Who calls.
    pub(crate) fn caller(&self) -> Result<Caller<'a>, Problem> {
        Caller::of(self.token)
    }

    /// The till that calls.
    pub(crate) fn terminal(&self) -> Result<Terminal<'a>, Problem> {
        match self.caller()? {
            Caller::Terminal(terminal) => Ok(terminal),
            Caller::Server => Err(ProblemCode::TokenInvalid.into()),
        }
    }

    /// Refuses every caller but the shop's server.
    pub(crate) fn server(&self) -> Result<(), Problem> {
        match self.caller() {
            Ok(Caller::Server) => Ok(()),
            Ok(Caller::Terminal(_)) | Err(_) => Err(ProblemCode::ServerKeyInvalid.into()),
        }
    }

    /// The device that calls, if it says so.
    pub(crate) fn device(&self) -> Result<Option<&'a str>, Problem> {
        match self.device {
            Some(device) if !is_device(device) => Err(Problem::with_detail(
                ProblemCode::BadRequest,
                "The header Kaunter-Device takes 32 lower-case hex digits: the device's random identity.",
            )),
            device => Ok(device),
        }
    }

    /// The body, which must fit the call.
    pub(crate) fn body<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_str(self.body.unwrap_or_default())
            .map_err(|_| ProblemCode::BadRequest.into())
    }

    /// The segments of the path, decoded.
    pub(crate) fn segments(&self) -> Vec<String> {
        let path = self.path.split('?').next().unwrap_or_default();
        path.split('/').skip(1).map(decoded).collect()
    }

    /// The query. A name that is there twice, or that `T` does not know, is an error of the caller.
    pub(crate) fn query<T: DeserializeOwned>(&self) -> Option<T> {
        let text = self.path.split_once('?').map_or("", |(_, query)| query);
        let mut fields = serde_json::Map::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decoded = |text: &str| decoded(&text.replace('+', " "));
            let before = fields.insert(decoded(name), decoded(value).into());
            if before.is_some() {
                return None;
            }
        }
        serde_json::from_value(fields.into()).ok()
    }
}

/// Decodes `%20` and its like. Bytes that are not UTF-8 become U+FFFD.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        let digits = text.get(at + 1..at + 3).filter(|_| *byte == b'%');
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(value) => {
                bytes.push(value);
                at += 3;
            }
            None => {
                bytes.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
