//! trade.
