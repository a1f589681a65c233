-- The generation of a terminal's tokens, and the device that acts for it. Plain SQL that SQLite and PostgreSQL both speak.
-- A terminal without a row has generation 0 and no device.
CREATE TABLE terminals (
    shop       TEXT   NOT NULL,
    terminal   TEXT   NOT NULL,
    -- Raised by a revocation and a sign-out. A token of another generation is refused.
    generation BIGINT NOT NULL,
    -- The identity of the acting device; '' where no device acts.
    device     TEXT   NOT NULL,
    -- When that device was last heard, at most a heartbeat late.
    heard_ms   BIGINT NOT NULL,
    -- Counts the changes: each locks the row, and numbers its line of the audit trail.
    changes    BIGINT NOT NULL,
    PRIMARY KEY (shop, terminal)
);
