-- A status is one snake_case word everywhere. Plain SQL that SQLite and PostgreSQL both speak.
UPDATE trades SET status = REPLACE(status, '-', '_') WHERE status LIKE '%-%';
