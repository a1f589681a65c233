-- Trades that a person decided and about which the gateway is still asked. A process that starts finds them by this.
-- Plain SQL that SQLite and PostgreSQL both speak.
ALTER TABLE trades ADD COLUMN checks_verdict BIGINT NOT NULL DEFAULT 0;
CREATE INDEX trades_verdict ON trades (shop) WHERE checks_verdict = 1;
