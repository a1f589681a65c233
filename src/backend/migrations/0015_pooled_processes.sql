-- Processes that work on the store behind a pooler, where no connection keeps a lock. Each renews its row while it runs.
-- Plain SQL that SQLite and PostgreSQL both speak; SQLite has no such processes.
CREATE TABLE pooled_processes (
    process TEXT   NOT NULL PRIMARY KEY,
    -- By the clock of the database.
    seen_ms BIGINT NOT NULL
);
