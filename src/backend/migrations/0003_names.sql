-- One word per idea: an id names itself in full. Plain SQL that SQLite and PostgreSQL both speak.
ALTER TABLE trades RENAME COLUMN trx_id TO trade_id;
ALTER TABLE trades RENAME COLUMN page_key TO idempotency_key;
ALTER TABLE audit RENAME COLUMN trx_id TO trade_id;
