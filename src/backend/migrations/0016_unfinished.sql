-- Trades that a process that starts drives further, page by page. Plain SQL that SQLite and PostgreSQL both speak.
CREATE INDEX trades_unfinished ON trades (shop, trade_id) WHERE is_open = 1 OR checks_verdict = 1;
